"""A fixed edge as people write it."""

from typing import Any


def spelled(name: str, affine: Any) -> str:
    """c·f(a·x + b) + d with three digits, for people."""
    a, b, c, d = affine
    if name == "linear":
        a, b, c, d = c * a, 0.0, 1.0, c * b + d
    a, b, c, d = (float(f"{number:.3g}") for number in (a, b, c, d))
    inner = {1.0: "x", -1.0: "−x"}.get(a, f"{a:g}x") + (f" {_sign(b)} {abs(b):g}" if b else "")
    factor = {1.0: "", -1.0: "−"}.get(c, f"{c:g}·")
    tail = f" {_sign(d)} {abs(d):g}" if d else ""
    return f"{factor}{_NOTATION.get(name, f'{name}(@)').replace('@', inner)}{tail}".replace(
        "-", "−"
    )


_NOTATION = {
    "linear": "@",
    "square": "(@)²",
    "cube": "(@)³",
    "reciprocal": "1/(@)",
    "reciprocal_square": "1/(@)²",
    "sqrt": "√(@)",
    "inverse_sqrt": "1/√(@)",
    "power_3_2": "(@)^(3/2)",
    "abs": "|@|",
    "gaussian": "exp(−(@)²)",
    "zero": "0",
    "constant": "1",
}


def _sign(number: float) -> str:
    return "−" if number < 0 else "+"
