"""Solutions to compare with that have no closed form, computed by SciPy and kept in memory."""

from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np
from scipy.integrate import solve_ivp
from scipy.interpolate import CubicSpline

_TOLERANCE = 1e-13

Reference = Callable[[np.ndarray], np.ndarray]


def along(
    rates: Callable[[float, np.ndarray], Sequence[float]],
    start: Sequence[float],
    end: float,
    shown: Sequence[int],
) -> Reference:
    """The orbit of an ordinary differential equation by an explicit method of eighth order (DOP853).

    Args:
        rates: time and state to the derivative of the state. start: the state at time 0.
        end: of the orbit. shown: which parts of the state are fields.
    """

    @lru_cache
    def orbit() -> Callable[[np.ndarray], np.ndarray]:
        found = solve_ivp(
            rates,
            (0, end),
            start,
            method="DOP853",
            rtol=_TOLERANCE,
            atol=_TOLERANCE,
            dense_output=True,
        )
        dense: Callable[[np.ndarray], np.ndarray] = found.sol
        return dense

    def values(points: np.ndarray) -> np.ndarray:
        states = orbit()(points[:, 0])[list(shown)]
        return states[0] if len(shown) == 1 else states.T

    return values


def burgers(viscosity: float) -> Reference:
    r"""Of :math:`u_t + u u_x = \nu u_{xx}` from :math:`-\sin \pi x`, by Cole–Hopf and quadrature.

    Args:
        viscosity: :math:`\nu`.
    """
    nodes, weights = np.polynomial.hermite.hermgauss(300)

    def values(points: np.ndarray) -> np.ndarray:
        x, t = points.T[:, :, None]
        y = x - np.sqrt(4 * viscosity * t) * nodes
        exponent = -np.cos(np.pi * y) / (2 * np.pi * viscosity)
        kernel = weights * np.exp(exponent - exponent.max(1, keepdims=True))
        found: np.ndarray = -(kernel * np.sin(np.pi * y)).sum(1) / kernel.sum(1)
        return found

    return values


def periodic(
    linear: Callable[[np.ndarray], np.ndarray],
    rest: Callable[[np.ndarray], np.ndarray],
    start: Callable[[np.ndarray], np.ndarray],
    ends: tuple[float, float],
    time: float,
    *,
    modes: int = 1024,
    steps: int = 4000,
) -> Reference:
    r"""Of :math:`u_t = Lu + N(u)` with periodic ends, by Fourier modes and ETDRK4.

    Kassam & Trefethen 2005, *SIAM Journal on Scientific Computing* 26.

    Args:
        linear: of wave numbers, what L multiplies every mode by.
        rest: N of values on the grid. start: values at time 0.
        ends: of the coordinate. time: the last one.
        modes: points of the grid. steps: in time.
    """
    low, high = ends
    grid = low + (high - low) * np.arange(modes) / modes
    waves = 2j * np.pi * np.fft.rfftfreq(modes, (high - low) / modes)

    @lru_cache
    def history() -> tuple[np.ndarray, np.ndarray]:
        h = time / steps
        rate = h * linear(waves)
        around = np.exp(2j * np.pi * (np.arange(64) + 0.5) / 64)
        z = rate[:, None] + around
        half = h * ((np.exp(z / 2) - 1) / z).mean(1)
        first = h * ((-4 - z + np.exp(z) * (4 - 3 * z + z**2)) / z**3).mean(1)
        middle = h * ((2 + z + np.exp(z) * (z - 2)) / z**3).mean(1)
        last = h * ((-4 - 3 * z - z**2 + np.exp(z) * (4 - z)) / z**3).mean(1)
        whole, partly = np.exp(rate), np.exp(rate / 2)

        def pushed(v: np.ndarray) -> np.ndarray:
            return np.fft.rfft(rest(np.fft.irfft(v, modes)))

        v = np.fft.rfft(start(grid))
        kept = [v]
        for _ in range(steps):
            n = pushed(v)
            a = partly * v + half * n
            na = pushed(a)
            b = partly * v + half * na
            nb = pushed(b)
            c = partly * a + half * (2 * nb - n)
            v = whole * v + first * n + 2 * middle * (na + nb) + last * pushed(c)
            kept.append(v)
        every = max(1, steps // 1000)
        return np.linspace(0, time, steps + 1)[::every], np.array(kept[::every])

    def values(points: np.ndarray) -> np.ndarray:
        moments, spectra = history()
        spline = CubicSpline(moments, spectra)
        found = np.empty(len(points))
        for part in np.array_split(np.arange(len(points)), max(1, len(points) // 200)):
            x, t = points[part].T
            phases = np.exp(waves * (x[:, None] - low))
            scale = np.where(np.arange(len(waves)) % (modes // 2) == 0, 1.0, 2.0) / modes
            found[part] = (scale * spline(t) * phases).sum(1).real
        return found

    return values
