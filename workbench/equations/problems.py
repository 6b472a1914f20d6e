"""Problems to begin with, each with its solution to compare with: ``library["poisson"]``."""

import math
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any

import numpy as np
import sympy
import torch

from workbench.equations.domains import Box, Disc, Interval, Polygon
from workbench.equations.problem import Condition, Data, Problem
from workbench.equations.references import along, burgers, periodic
from workbench.formulas.evaluation import compiled

_SQUARE = Box(x=(-1, 1), y=(-1, 1))
_KOVASZNAY_DECAY = 20 - math.sqrt(400 + 4 * math.pi**2)


def _poisson() -> Problem:
    source = "-pi^2*(1 + 4*y^2)*sin(pi*x)*sin(pi*y^2) + 2*pi*sin(pi*x)*cos(pi*y^2)"
    return Problem(
        f"u_xx + u_yy = {source}",
        _SQUARE,
        Condition("u"),
        reference=lambda p: np.sin(np.pi * p[:, 0]) * np.sin(np.pi * p[:, 1] ** 2),
    )


def _helmholtz() -> Problem:
    return Problem(
        "u_xx + u_yy + u = (1 - 17*pi^2)*sin(pi*x)*sin(4*pi*y)",
        _SQUARE,
        Condition("u"),
        reference=lambda p: np.sin(np.pi * p[:, 0]) * np.sin(4 * np.pi * p[:, 1]),
    )


def _disc() -> Problem:
    return Problem(
        "u_xx + u_yy = exp(x)*sin(2*y)*(-3)",
        Disc(),
        Condition("u = exp(x)*sin(2*y)"),
        reference=lambda p: np.exp(p[:, 0]) * np.sin(2 * p[:, 1]),
    )


def _lshape() -> Problem:
    """Without a source; at the corner, which turns inwards, derivatives are not bounded."""
    corners = ((0, 0), (0, -1), (1, -1), (1, 1), (-1, 1), (-1, 0))

    def singular(x: Any, y: Any, module: Any) -> Any:
        angle = module.arctan2(y - x, x + y) + 3 * math.pi / 4
        return (x**2 + y**2) ** (1 / 3) * module.sin(2 / 3 * angle)

    return Problem(
        "u_xx + u_yy",
        Polygon(corners),
        Condition(lambda u, x, y: u - singular(x, y, torch)),
        reference=lambda p: singular(p[:, 0], p[:, 1], np),
    )


def _heat() -> Problem:
    return Problem(
        "u_t = u_xx",
        Box(x=(0, 1), t=(0, 0.2)),
        [Condition("u"), Condition("u = sin(pi*x) + sin(2*pi*x)/2", t=0)],
        reference=lambda p: (
            np.exp(-(np.pi**2) * p[:, 1]) * np.sin(np.pi * p[:, 0])
            + np.exp(-4 * np.pi**2 * p[:, 1]) * np.sin(2 * np.pi * p[:, 0]) / 2
        ),
    )


def _wave() -> Problem:
    return Problem(
        "u_tt = u_xx",
        Box(x=(0, 1), t=(0, 1)),
        [Condition("u"), Condition("u = sin(pi*x)", t=0), Condition("u_t", t=0)],
        reference=lambda p: np.sin(np.pi * p[:, 0]) * np.cos(np.pi * p[:, 1]),
    )


def _advection() -> Problem:
    return Problem(
        "u_t + 2*u_x",
        Box(x=(0, 2), t=(0, 1), periodic="x"),
        Condition("u = exp(sin(pi*x))", t=0),
        reference=lambda p: np.exp(np.sin(np.pi * (p[:, 0] - 2 * p[:, 1]))),
    )


def _poisson_3d() -> Problem:
    return Problem(
        "u_xx + u_yy + u_zz = -3*pi^2*sin(pi*x)*sin(pi*y)*sin(pi*z)",
        Box(x=(0, 1), y=(0, 1), z=(0, 1)),
        Condition("u"),
        reference=lambda p: np.sin(np.pi * p).prod(1),
    )


def _pendulum() -> Problem:
    start = [1.5, 0.0]
    return Problem(
        "q_tt + sin(q)",
        Interval(t=(0, 10)),
        [Condition("q = 3/2", t=0), Condition("q_t", t=0)],
        fields=["q"],
        reference=along(lambda t, s: [s[1], -math.sin(s[0])], start, 10.0, [0]),
    )


def _lotka_volterra() -> Problem:
    def rates(t: float, s: np.ndarray) -> list[float]:
        return [1.5 * s[0] - s[0] * s[1], s[0] * s[1] - 3 * s[1]]

    return Problem(
        ["a_t = 1.5*a - a*b", "b_t = a*b - 3*b"],
        Interval(t=(0, 10)),
        [Condition("a = 1", t=0), Condition("b = 1", t=0)],
        fields=["a", "b"],
        reference=along(rates, [1.0, 1.0], 10.0, [0, 1]),
    )


def _lorenz() -> Problem:
    def rates(t: float, s: np.ndarray) -> list[float]:
        x, y, z = s
        return [10 * (y - x), x * (28 - z) - y, x * y - 8 / 3 * z]

    return Problem(
        ["x_t = 10*(y - x)", "y_t = x*(28 - z) - y", "z_t = x*y - 8/3*z"],
        Interval(t=(0, 2)),
        [Condition("x = 1", t=0), Condition("y = 1", t=0), Condition("z = 1", t=0)],
        fields=["x", "y", "z"],
        reference=along(rates, [1.0, 1.0, 1.0], 2.0, [0, 1, 2]),
    )


def _burgers() -> Problem:
    return Problem(
        "u_t + u*u_x = 0.01/pi*u_xx",
        Box(x=(-1, 1), t=(0, 1)),
        [Condition("u"), Condition("u = -sin(pi*x)", t=0)],
        reference=burgers(0.01 / math.pi),
    )


def _allen_cahn() -> Problem:
    return Problem(
        "u_t = 1e-4*u_xx + 5*(u - u^3)",
        Box(x=(-1, 1), t=(0, 1), periodic="x"),
        Condition("u = x^2*cos(pi*x)", t=0),
        reference=periodic(
            lambda waves: 1e-4 * waves**2,
            lambda u: 5 * (u - u**3),
            lambda x: x**2 * np.cos(np.pi * x),
            (-1, 1),
            1.0,
        ),
    )


def _kdv() -> Problem:
    """Two solitons, the faster one behind: it overtakes the slower."""
    x, t = sympy.symbols("x t")
    slow, fast = x - t, sympy.Rational(3, 2) * (x + 3) - sympy.Rational(27, 8) * t
    both = 1 + sympy.exp(slow) + sympy.exp(fast) + sympy.exp(slow + fast) / 25
    known = 2 * sympy.log(both).diff(x, 2)
    values, slope = compiled([known, known.diff(x)], (x, t)), known.diff(x)
    u = sympy.Function("u")(x, t)
    return Problem(
        u.diff(t) + 6 * u * u.diff(x) + u.diff(x, 3),
        Box(x=(-10, 10), t=(0, 2)),
        [Condition(u - known), Condition(u - known, t=0), Condition(u.diff(x) - slope, x=10)],
        reference=lambda p: np.asarray(values(*p.T)[0]),
    )


def _schrodinger() -> Problem:
    """From 2/cosh(x): a bound state of two solitons that breathes (Satsuma & Yajima 1974).

    Its real part is p, its imaginary part q.
    """
    below = "(cosh(4*x) + 4*cosh(2*x) + 3*cos(4*t))"
    real = f"4*(cos(t/2)*cosh(3*x) + 3*cos(9*t/2)*cosh(x))/{below}"
    imaginary = f"4*(sin(t/2)*cosh(3*x) + 3*sin(9*t/2)*cosh(x))/{below}"

    def known(points: np.ndarray) -> np.ndarray:
        x, t = points.T
        above = np.cosh(3 * x) + 3 * np.exp(4j * t) * np.cosh(x)
        wave = (
            4 * np.exp(0.5j * t) * above / (np.cosh(4 * x) + 4 * np.cosh(2 * x) + 3 * np.cos(4 * t))
        )
        return np.stack((wave.real, wave.imag), 1)

    return Problem(
        ["p_t = -q_xx/2 - (p^2 + q^2)*q", "q_t = p_xx/2 + (p^2 + q^2)*p"],
        Box(x=(-5, 5), t=(0, math.pi / 2)),
        [
            Condition(f"p = {real}"),
            Condition(f"q = {imaginary}"),
            Condition("p = 2/cosh(x)", t=0),
            Condition("q", t=0),
        ],
        fields=["p", "q"],
        reference=known,
    )


def _kuramoto_sivashinsky() -> Problem:
    """Until 0.4: chaos has not set in yet."""
    steep, unstable, smooth = 100 / 16, 100 / 16**2, 100 / 16**4

    def rest(values: np.ndarray) -> np.ndarray:
        spectrum = np.fft.rfft(values)
        slopes = np.fft.irfft(1j * np.arange(len(spectrum)) * spectrum, len(values))
        found: np.ndarray = -steep * values * slopes
        return found

    return Problem(
        "u_t + 100/16*u*u_x + 100/16^2*u_xx + 100/16^4*u_xxxx",
        Box(x=(0, 2 * math.pi), t=(0, 0.4), periodic="x"),
        Condition("u = cos(x)*(1 + sin(x))", t=0),
        reference=periodic(
            lambda waves: -unstable * waves**2 - smooth * waves**4,
            rest,
            lambda x: np.cos(x) * (1 + np.sin(x)),
            (0, 2 * math.pi),
            0.4,
        ),
    )


def _schwarzschild() -> Problem:
    """An orbit around a black hole: 1/r by the angle, in units of its mass, of angular momentum 4."""

    def rates(angle: float, s: np.ndarray) -> list[float]:
        return [s[1], 1 / 16 + 3 * s[0] ** 2 - s[0]]

    end = 4 * math.pi
    return Problem(
        "u_aa + u = 1/16 + 3*u^2",
        Interval(a=(0, end)),
        [Condition("u = 0.09", a=0), Condition("u_a", a=0)],
        reference=along(rates, [0.09, 0.0], end, [0]),
    )


def _blasius() -> Problem:
    """The layer at a plate in a stream (Blasius 1908), ten times as thick as its unit."""
    bend = 0.3320573372036972  # at the plate, found by shooting
    return Problem(
        "f_xxx + f*f_xx/2",
        Interval(x=(0, 10)),
        [Condition("f", x=0), Condition("f_x", x=0), Condition("f_x = 1", x=10)],
        fields=["f"],
        reference=along(lambda t, y: [y[1], y[2], -y[0] * y[2] / 2], [0, 0, bend], 10, [0]),
    )


def _navier_stokes(viscosity: str) -> list[str]:
    """Of a steady plane flow with velocities u, v and pressure p."""
    return [
        f"u*u_x + v*u_y + p_x = {viscosity}*(u_xx + u_yy)",
        f"u*v_x + v*v_y + p_y = {viscosity}*(v_xx + v_yy)",
        "u_x + v_y",
    ]


def _kovasznay() -> Problem:
    """Flow behind a grid (Kovasznay 1948, *Proceedings of the Cambridge Philosophical Society* 44)."""
    decay = _KOVASZNAY_DECAY
    return Problem(
        _navier_stokes("1/40"),
        Box(x=(-0.5, 1), y=(-0.5, 1.5)),
        [
            Condition(f"u = 1 - exp({decay!r}*x)*cos(2*pi*y)"),
            Condition(f"v = {decay!r}/(2*pi)*exp({decay!r}*x)*sin(2*pi*y)"),
            Condition(f"p = (1 - exp(2*{decay!r}*x))/2", x=1),
        ],
        fields=["u", "v", "p"],
        reference=_kovasznay_flow,
    )


def _kovasznay_flow(p: np.ndarray) -> np.ndarray:
    falling, turn = np.exp(_KOVASZNAY_DECAY * p[:, 0]), 2 * np.pi * p[:, 1]
    along = 1 - falling * np.cos(turn)
    across = _KOVASZNAY_DECAY / (2 * np.pi) * falling * np.sin(turn)
    return np.stack((along, across, (1 - falling**2) / 2), 1)


def oscillator_inverse(draw: int = 0) -> Problem:
    """Damping 0.2 and frequency 1.5 from forty measurements with errors of 2 %.

    Args:
        draw: of their noise.
    """
    time, damping, frequency = np.linspace(0.2, 8, 40), 0.2, 1.5

    def known(p: np.ndarray) -> np.ndarray:
        turn = math.sqrt(frequency**2 - damping**2 / 4)
        t = p[:, 0]
        swing = np.cos(turn * t) + damping / (2 * turn) * np.sin(turn * t)
        found: np.ndarray = np.exp(-damping * t / 2) * swing
        return found

    noise = 0.02 * np.random.default_rng(draw).standard_normal(len(time))
    return Problem(
        "q_tt + c*q_t + w^2*q",
        Interval(t=(0, 8)),
        [Condition("q = 1", t=0), Condition("q_t", t=0)],
        coefficients={"c": (0.01, 1), "w": (1, 2)},
        data=Data(time, known(time[:, None]) + noise),
        fields=["q"],
        reference=known,
    )


def heat_inverse(draw: int = 0) -> Problem:
    """A diffusivity of 0.1 from two hundred temperatures with errors of 1 %.

    Args:
        draw: of their noise.
    """
    box = Box(x=(0, 1), t=(0, 1))

    def known(p: np.ndarray) -> np.ndarray:
        found: np.ndarray = np.exp(-0.1 * np.pi**2 * p[:, 1]) * np.sin(np.pi * p[:, 0])
        return found

    points = box.inside(200, 5)
    noise = 0.01 * np.random.default_rng(draw).standard_normal(len(points))
    return Problem(
        "u_t = k*u_xx",
        box,
        [Condition("u"), Condition("u = sin(pi*x)", t=0)],
        coefficients={"k": (0.01, 1)},
        data=Data(points, known(points) + noise),
        reference=known,
    )


def viscosity_inverse(draw: int = 0) -> Problem:
    """A viscosity of 1/40 from two hundred velocities behind a grid with errors of 1 %.

    Args:
        draw: of their noise.
    """
    flow = _kovasznay()
    points = flow.domain.inside(200, 5)
    random = np.random.default_rng(draw)
    data = []
    for field, values in zip("uv", _kovasznay_flow(points).T, strict=False):
        noise = 0.01 * values.std() * random.standard_normal(len(values))
        data.append(Data(points, values + noise, field=field))
    return Problem(
        _navier_stokes("nu"),
        flow.domain,
        flow.conditions,
        coefficients={"nu": (0.001, 1)},
        data=data,
        fields=flow.fields,
        reference=_kovasznay_flow,
    )


_BUILDERS: dict[str, Callable[[], Problem]] = {
    "poisson": _poisson,
    "poisson-lshape": _lshape,
    "poisson-disc": _disc,
    "poisson-3d": _poisson_3d,
    "helmholtz": _helmholtz,
    "heat": _heat,
    "wave": _wave,
    "advection": _advection,
    "pendulum": _pendulum,
    "lotka-volterra": _lotka_volterra,
    "lorenz": _lorenz,
    "blasius": _blasius,
    "kovasznay": _kovasznay,
    "burgers": _burgers,
    "allen-cahn": _allen_cahn,
    "kdv": _kdv,
    "schrodinger": _schrodinger,
    "kuramoto-sivashinsky": _kuramoto_sivashinsky,
    "schwarzschild": _schwarzschild,
    "oscillator-inverse": oscillator_inverse,
    "heat-inverse": heat_inverse,
    "viscosity-inverse": viscosity_inverse,
}


class _Library(Mapping[str, Problem]):
    """Problems by name, each made when it is asked for."""

    def __getitem__(self, name: str) -> Problem:
        if name not in _BUILDERS:
            raise KeyError(f"{name!r}: there are {', '.join(_BUILDERS)}")
        return _built(name)

    def __iter__(self) -> Iterator[str]:
        return iter(_BUILDERS)

    def __len__(self) -> int:
        return len(_BUILDERS)


@lru_cache
def _built(name: str) -> Problem:
    return _BUILDERS[name]()


library: Mapping[str, Problem] = _Library()
