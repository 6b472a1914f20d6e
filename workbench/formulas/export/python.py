"""NumPy, SymPy, torch and JAX."""

import keyword
import sys

import numpy as np
import sympy

from workbench.formulas.export.execution import Program
from workbench.formulas.export.header import Artefact, docstring
from workbench.formulas.export.series import own_functions
from workbench.formulas.export.writer import Dialect, guard, identifiers, write
from workbench.formulas.law import Law
from workbench.formulas.library import opaque_functions

_RESERVED = frozenset(keyword.kwlist) | {
    "np", "jnp", "torch", "jax", "erf", "j0", "j1", "math", "self", "x", "formula", "bessel_j",
    "in_domain", "values", "scipy",
}  # fmt: skip
_ARCS = ("asin", "acos", "atan", "asinh", "acosh", "atanh")
_SAME = ("sqrt", "exp", "log", "sin", "cos", "tan", "sinh", "cosh", "tanh", "sign")
_CHOOSE = "where({0}, {1}, {2})"


def _array_functions(module: str) -> dict[str, str]:
    known = {n: f"{module}.{n}" for n in _SAME}
    known |= {n: f"{module}.{n.replace('a', 'arc', 1)}" for n in _ARCS}
    return known | {
        "Abs": f"{module}.abs",
        "Heaviside": f"((1 + {module}.sign({{0}})) / 2)",
        "Max": f"{module}.maximum",
        "Min": f"{module}.minimum",
    }


_NUMPY = Dialect(
    "NumPy",
    _array_functions("np") | {"erf": "erf", "besselj0": "j0", "besselj1": "j1"},
    pi="np.pi",
    choose="np." + _CHOOSE,
    both=" & ",
    true="True",
)
_JAX = Dialect(
    "JAX",
    _array_functions("jnp")
    | {"erf": "erf", "besselj0": "bessel_j(0, {0})", "besselj1": "bessel_j(1, {0})"},
    pi="jnp.pi",
    choose="jnp." + _CHOOSE,
    both=" & ",
    true="True",
)
_TORCH = Dialect(
    "torch",
    {n: f"torch.{n}" for n in (*_SAME, *_ARCS)}
    | {
        "Abs": "torch.abs", "Heaviside": "((1 + torch.sign({0})) / 2)", "erf": "torch.erf",
        "Max": "torch.maximum(0 * x[..., 0] + {0}, 0 * x[..., 0] + {1})",
        "Min": "torch.minimum(0 * x[..., 0] + {0}, 0 * x[..., 0] + {1})",
        "besselj0": "bessel_j(0, {0})", "besselj1": "bessel_j(1, {0})",
    },
    pi="torch.pi",
    choose="torch." + _CHOOSE,
    both=" & ",
    true="True",
)  # fmt: skip

_JAX_BESSEL = (
    "def bessel_j(order, x):",
    '    """Bessel\'s integral (DLMF 10.9.2) by the midpoint rule; for arguments up to 300."""',
    "    t = jnp.pi * (jnp.arange(400) + 0.5) / 400",
    "    angle = order * t - jnp.asarray(x)[..., None] * jnp.sin(t)",
    "    return jnp.cos(angle).mean(-1)",
)


_TORCH_BESSEL = (
    "def bessel_j(order, x):",
    '    """Bessel\'s integral (DLMF 10.9.2) by the midpoint rule; for arguments up to 300."""',
    "    t = torch.pi * (torch.arange(400, dtype=x.dtype) + 0.5) / 400",
    "    angle = order * t - x[..., None] * torch.sin(t)",
    "    return torch.cos(angle).mean(-1)",
    "",
    "",
)


def python_program(
    code: str,
    *,
    guarded: bool = True,
) -> Program:
    """A program in this interpreter.

    Args:
        code: defines ``evaluate(x)`` for an array ``(N, d)``, and ``inside(x)`` where it is guarded.
        guarded: see ``Program``.
    """
    ending = (
        "\nimport numpy\n"
        "with numpy.errstate(all='ignore'):\n"
        "    _x = numpy.loadtxt('input.txt', ndmin=2)\n"
        "    _found = numpy.asarray(evaluate(_x)) + numpy.zeros(1)\n"
        "_found = numpy.broadcast_to(_found, len(_x)) if _found.size == 1 else _found\n"
        "_found = numpy.where(numpy.imag(_found) == 0, numpy.real(_found), numpy.nan)\n"
        "_table = _found.reshape(len(_x), -1)\n"
    )
    if guarded:
        ending += (
            "_inside = numpy.broadcast_to(numpy.asarray(inside(_x)), len(_x))\n"
            "_table = numpy.column_stack((_table, _inside))\n"
        )
    ending += "print('\\n'.join(repr(float(v)) for v in _table.ravel()))\n"
    commands = ((sys.executable, "-W", "ignore", "program.py"),)
    return Program(commands, {"program.py": code + ending}, guarded=guarded)


_CALLS = (
    "\ndef evaluate(x):\n    return formula(*x.T)\n\ndef inside(x):\n    return in_domain(*x.T)\n"
)


def _python(formula: Law) -> Artefact:
    text = _function(formula, _NUMPY, "np", _numpy_imports(formula), "python")
    return Artefact(text, python_program(text + _CALLS))


def _numpy_imports(formula: Law) -> list[str]:
    special = [
        word
        for word, present in (
            ("erf", any(e.has(sympy.erf) for e in formula.expressions)),
            ("j0, j1", any(e.has(sympy.besselj) for e in formula.expressions)),
        )
        if present
    ]
    lines = ["import numpy as np"]
    return lines + ([f"from scipy.special import {', '.join(special)}"] if special else [])


def _jax(formula: Law) -> Artefact:
    imports = ["import jax", "import jax.numpy as jnp"]
    if any(e.has(sympy.erf) for e in formula.expressions):
        imports.append("from jax.scipy.special import erf")
    imports += ["", 'jax.config.update("jax_enable_x64", True)']
    if any(e.has(sympy.besselj) for e in formula.expressions):
        imports += ["", "", *_JAX_BESSEL]
    text = _function(formula, _JAX, "jnp", imports, "jax")
    return Artefact(text, python_program(text + _CALLS))


def _function(
    formula: Law, dialect: Dialect, module: str, imports: list[str], language: str
) -> str:
    dialect, helpers = own_functions(formula, dialect, language)
    arguments = identifiers(formula.names, _RESERVED | dialect.reserved)
    names = dict(zip(formula.symbols, arguments, strict=True))
    code = [write(e, dialect, names) for e in formula.expressions]
    if any("scipy.special." in c for c in code):
        imports = [*imports, "import scipy.special"]
    signature = ", ".join(arguments)
    lines = [*imports, helpers, "", f"def formula({signature}):"]
    lines += [f'    """{docstring(", ".join(formula.left_sides))}.', ""]
    lines.append("    Arrays of one shape, or numbers. Fitted where")
    for argument, name in zip(arguments, formula.names, strict=True):
        low, high = formula.domain.get(name, (-np.inf, np.inf))
        unit = f" {docstring(formula.units[name])}" if formula.units.get(name) else ""
        lines.append(f"    {low:.6g} <= {argument} <= {high:.6g}{unit}")
    lines.append('    """')
    if len(code) == 1:
        lines.append(f"    return {code[0]}")
    else:
        stacked = f"{module}.broadcast_arrays({', '.join(code)})"
        lines.append(f"    return {module}.stack({stacked}, -1)")
    lines += ["", "", f"def in_domain({signature}):"]
    lines.append(
        '    """Whether the inputs lie within the ranges that the formula was fitted on."""'
    )
    lines.append(f"    return {guard(arguments, formula, dialect)}")
    return "\n".join(lines) + "\n"


def _sympy(formula: Law) -> Artefact:
    dialect, helpers = own_functions(formula, _NUMPY, "sympy")
    lines = [f'"""{docstring(", ".join(formula.left_sides))} in SymPy."""', ""]
    lines += [
        "from sympy import *  # noqa: F403",
        "from sympy.functions.elementary.piecewise import",
    ]
    lines[-1] += " ExprCondPair"
    if helpers:
        lines += ["from sympy.utilities.lambdify import implemented_function", "import numpy as np"]
        lines.append(helpers)
        lines += [
            f"{name} = implemented_function({name!r}, {dialect.functions[name]})"
            for name in opaque_functions()
            if name in dialect.functions
        ]
    lines += ["", "names = [" + ", ".join(map(ascii, formula.names)) + "]"]
    lines += ["symbols_ = [Symbol(n, real=True) for n in names]", "expressions = ["]
    lines += [f"    {sympy.srepr(e)}," for e in formula.expressions]
    lines += ["]", "# The ranges that the formula was fitted on.", "domain = And("]
    for place, name in enumerate(formula.names):
        if name in formula.domain and name in formula.used:
            low, high = (float(v) for v in formula.domain[name])
            lines.append(f"    symbols_[{place}] >= {low!r}, symbols_[{place}] <= {high!r},")
    text = "\n".join([*lines, ")"]) + "\n"
    code = (
        f"{text}\nimport numpy as np\n"
        "f = lambdify(symbols_, expressions, ['numpy', 'scipy'])\n"
        "def evaluate(x):\n"
        "    return np.stack([np.broadcast_to(v, len(x)) for v in f(*x.T)], -1)\n"
        "inside = lambda x: lambdify(symbols_, domain)(*x.T)\n"
    )
    return Artefact(text, python_program(code))


def _torch(formula: Law) -> Artefact:
    """Fitted numbers are parameters; exact ones, snapped or structural, are written out."""
    dialect, helpers = own_functions(formula, _TORCH, "torch")
    arguments = identifiers(formula.names, _RESERVED | dialect.reserved)
    names = dict(zip(formula.symbols, arguments, strict=True))
    numbers = sorted(set().union(*(e.atoms(sympy.Float) for e in formula.expressions)), key=float)
    constants = {n: sympy.Symbol(f"constant_{i}", real=True) for i, n in enumerate(numbers)}
    names |= {s: f"self.{s.name}" for s in constants.values()}
    bodies = [_numbers_first(e).xreplace(constants) for e in formula.expressions]
    names |= {s: s.name[1:] for e in bodies for s in e.free_symbols if s not in names}
    code = [write(e, dialect, names) for e in bodies]
    bessel = any(e.has(sympy.besselj) for e in formula.expressions)
    head = ["import torch", helpers, "", *(_TORCH_BESSEL if bessel else ())]
    lines = [*head, "class Formula(torch.nn.Module):"]
    lines.append('    """Fitted numbers are parameters in float64; exact numbers are fixed."""')
    lines += ["", "    def __init__(self):", "        super().__init__()"]
    for value, symbol in constants.items():
        tensor = f"torch.tensor({float(value)!r}, dtype=torch.float64)"
        lines.append(f"        self.{symbol.name} = torch.nn.Parameter({tensor})")
    lines += [
        "",
        "    def forward(self, x):",
        '        """Values for inputs of shape (rows, columns)."""',
    ]
    lines += [f"        {a} = x[..., {i}]" for i, a in enumerate(arguments)]
    listed = ", ".join(f"{c} + 0 * x[..., 0]" for c in code)
    lines.append(f"        return torch.stack(({listed},), -1)")
    lines += [
        "",
        "    def in_domain(self, x):",
        '        """Whether the inputs lie within the ranges that the formula was fitted on."""',
    ]
    lines += [f"        {a} = x[..., {i}]" for i, a in enumerate(arguments)]
    lines.append(f"        return {guard(arguments, formula, _TORCH)}")
    text = "\n".join(lines) + "\n"
    ending = "\ndef evaluate(x):\n    return Formula()(torch.from_numpy(x)).detach().numpy()\n"
    ending += "\ndef inside(x):\n    return Formula().in_domain(torch.from_numpy(x))\n"
    return Artefact(text, python_program(text + ending))


def _numbers_first(expression: sympy.Expr) -> sympy.Expr:
    """Functions of numbers as numbers: ``torch.log(10)`` is an error. They stay exact, not trained."""
    found = {
        part: sympy.Symbol(f"_{float(part)!r}")
        for part in expression.atoms(sympy.Function, sympy.Pow)
        if not part.free_symbols and part.is_real and not part.has(sympy.Float)
    }
    return expression.xreplace(found)


WRITERS = {
    "sympy": (_sympy, ".sympy.py", ("#", "")),
    "python": (_python, ".py", ("#", "")),
    "torch": (_torch, ".torch.py", ("#", "")),
    "jax": (_jax, ".jax.py", ("#", "")),
}
