"""Where an equation holds: regions with points inside, on their boundary, and at given coordinates.

Points are Sobol sequences, scrambled by a seed: they fill a region evenly at any number of them.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.stats import qmc

from workbench.errors import InputError

Ends = tuple[float, float]


class Domain(Protocol):
    """A bounded region of named coordinates."""

    @property
    def names(self) -> tuple[str, ...]:
        """Its coordinates, in the order of the columns of a table of points."""
        ...

    @property
    def ranges(self) -> tuple[Ends, ...]:
        """Least and largest value of each coordinate."""
        ...

    @property
    def periodic(self) -> tuple[str, ...]:
        """Coordinates whose ends are one and the same place."""
        ...

    def inside(self, count: int, seed: int) -> np.ndarray:
        """``count`` points ``(N, d)`` of its inside."""
        ...

    def boundary(self, count: int, seed: int, *, without: Sequence[str] = ()) -> np.ndarray:
        """About ``count`` points ``(N, d)`` of its boundary, except the ends of some coordinates."""
        ...

    def slice(self, at: Mapping[str, float], count: int, seed: int) -> np.ndarray:
        """``count`` points ``(N, d)`` with given coordinates; one where all are given."""
        ...

    def distance_from_corners(self, points: np.ndarray) -> np.ndarray:
        """Share ``(N,)``, at most 1, of the way to the next re-entrant corner: 0 at the corner."""
        ...


def sobol(count: int, dimension: int, seed: int) -> np.ndarray:
    """The first ``count`` points of a scrambled Sobol sequence in the unit cube."""
    if dimension == 0:
        return np.zeros((1, 0))
    engine = qmc.Sobol(dimension, rng=np.random.default_rng(seed))
    return np.asarray(engine.random_base2(max(0, math.ceil(math.log2(max(count, 1)))))[:count])


class Box:
    """A box of intervals; one coordinate may be the time.

    Args:
        periodic: names of coordinates whose ends are the same place.
        ends: ``x=(-1, 1)`` for each coordinate, in their order.

    Raises:
        InputError: an interval is empty or not finite, a periodic name is none of the coordinates.

    Example:
        ``Box(x=(-1, 1), t=(0, 1), periodic=["x"])``
    """

    def __init__(self, *, periodic: str | Sequence[str] = (), **ends: Ends) -> None:
        self.names = tuple(ends)
        self.ranges = tuple(_interval(name, pair) for name, pair in ends.items())
        self.periodic = (periodic,) if isinstance(periodic, str) else tuple(periodic)
        if not ends:
            raise InputError("a box needs at least one coordinate, as in Box(x=(-1, 1))")
        for name in self.periodic:
            _known(name, self.names)
        self._low, self._high = np.array(self.ranges).T

    def __repr__(self) -> str:
        sides = [f"{n}=({a:g}, {b:g})" for n, (a, b) in zip(self.names, self.ranges, strict=True)]
        round_ = [f"periodic={list(self.periodic)}"] if self.periodic else []
        return f"{type(self).__name__}({', '.join(sides + round_)})"

    def inside(self, count: int, seed: int) -> np.ndarray:
        return self._low + (self._high - self._low) * sobol(count, len(self.names), seed)

    def boundary(self, count: int, seed: int, *, without: Sequence[str] = ()) -> np.ndarray:
        free = [n for n in self.names if n not in self.periodic and n not in without]
        each = max(1, round(count / max(1, 2 * len(free))))
        sides = [
            self.slice({name: end}, each, seed + 2 * number + side)
            for number, name in enumerate(free)
            for side, end in enumerate(self.ranges[self.names.index(name)])
        ]
        return np.concatenate(sides) if sides else np.zeros((0, len(self.names)))

    def slice(self, at: Mapping[str, float], count: int, seed: int) -> np.ndarray:
        free = [k for k, name in enumerate(self.names) if name not in at]
        unit = sobol(count if free else 1, len(free), seed)
        points = np.empty((len(unit), len(self.names)))
        points[:, free] = self._low[free] + (self._high - self._low)[free] * unit
        for name, value in at.items():
            points[:, self.names.index(name)] = value
        return points

    def distance_from_corners(self, points: np.ndarray) -> np.ndarray:
        return np.ones(len(points))


class Interval(Box):
    """One coordinate between two ends: ``Interval(t=(0, 10))``.

    Raises:
        InputError: there are more coordinates than one, or the interval is empty or not finite.
    """

    def __init__(self, **ends: Ends) -> None:
        if len(ends) != 1:
            raise InputError(f"an interval has one coordinate, got {len(ends)}: use Box for more")
        super().__init__(periodic=(), **ends)


@dataclass(frozen=True)
class Disc:
    """All points within a radius of a centre.

    Attributes:
        centre: of the disc.
        radius: more than 0.
        names: of the two coordinates.
        periodic: none of them is.
    """

    centre: tuple[float, float] = (0.0, 0.0)
    radius: float = 1.0
    names: tuple[str, ...] = ("x", "y")
    periodic: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not (self.radius > 0 and math.isfinite(self.radius)):
            raise InputError(f"radius must be finite and more than 0, got {self.radius}")

    @property
    def ranges(self) -> tuple[Ends, ...]:
        return tuple((c - self.radius, c + self.radius) for c in self.centre)

    def inside(self, count: int, seed: int) -> np.ndarray:
        share, turn = sobol(count, 2, seed).T
        return self._polar(self.radius * np.sqrt(share), turn)

    def boundary(self, count: int, seed: int, *, without: Sequence[str] = ()) -> np.ndarray:
        return self._polar(np.full(count, self.radius), sobol(count, 1, seed)[:, 0])

    def _polar(self, radius: np.ndarray, turn: np.ndarray) -> np.ndarray:
        angle = 2 * math.pi * turn
        return np.array(self.centre) + np.stack((radius * np.cos(angle), radius * np.sin(angle)), 1)

    def slice(self, at: Mapping[str, float], count: int, seed: int) -> np.ndarray:
        raise InputError(
            "a disc has no sides: leave out where the condition holds for its boundary"
        )

    def distance_from_corners(self, points: np.ndarray) -> np.ndarray:
        return np.ones(len(points))


@dataclass(frozen=True)
class Polygon:
    """The inside of a polygon.

    Attributes:
        corners: in order around it, at least three.
        names: of the two coordinates.
        periodic: none of them is.
    """

    corners: tuple[tuple[float, float], ...]
    names: tuple[str, ...] = ("x", "y")
    periodic: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        table = np.array(self.corners, dtype=float)
        if table.ndim != 2 or table.shape[1] != 2 or len(table) < 3 or not np.isfinite(table).all():
            raise InputError("a polygon needs at least three corners (x, y) of finite numbers")
        if abs(self._area()) <= 1e-12 * np.ptp(table, axis=0).max() ** 2:
            raise InputError("a polygon must not be flat")

    def _area(self) -> float:
        here, there = self._edges()
        return float(np.sum(here[:, 0] * there[:, 1] - here[:, 1] * there[:, 0]) / 2)

    def _edges(self) -> tuple[np.ndarray, np.ndarray]:
        table = np.array(self.corners, dtype=float)
        return table, np.roll(table, -1, 0)

    @property
    def ranges(self) -> tuple[Ends, ...]:
        table = np.array(self.corners, dtype=float)
        return tuple((float(low), float(high)) for low, high in zip(*_ends(table), strict=True))

    def inside(self, count: int, seed: int) -> np.ndarray:
        low, high = _ends(np.array(self.corners, dtype=float))
        share = abs(self._area()) / float(np.prod(high - low))
        points = low + (high - low) * sobol(math.ceil(1.1 * count / share) + 64, 2, seed)
        return points[self._holds(points)][:count]

    def _holds(self, points: np.ndarray) -> np.ndarray:
        """Whether a ray to the right crosses the boundary an odd number of times."""
        here, there = self._edges()
        x, y = points[:, :1], points[:, 1:]
        spans = (here[:, 1] > y) != (there[:, 1] > y)
        rise = np.where(here[:, 1] == there[:, 1], 1.0, there[:, 1] - here[:, 1])
        crossing = here[:, 0] + (y - here[:, 1]) / rise * (there[:, 0] - here[:, 0])
        inside: np.ndarray = ((spans & (x < crossing)).sum(1) % 2).astype(bool)
        return inside

    def boundary(self, count: int, seed: int, *, without: Sequence[str] = ()) -> np.ndarray:
        here, there = self._edges()
        lengths = np.linalg.norm(there - here, axis=1)
        place = sobol(count, 1, seed)[:, 0] * lengths.sum()
        edge = np.minimum(np.searchsorted(lengths.cumsum(), place, side="right"), len(here) - 1)
        along = (place - (lengths.cumsum() - lengths)[edge]) / lengths[edge]
        points: np.ndarray = here[edge] + along[:, None] * (there - here)[edge]
        return points

    def slice(self, at: Mapping[str, float], count: int, seed: int) -> np.ndarray:
        raise InputError(
            "conditions of a polygon hold on its whole boundary: leave out where they hold"
        )

    def distance_from_corners(self, points: np.ndarray) -> np.ndarray:
        here, there = self._edges()
        before = here - np.roll(here, 1, 0)
        after = there - here
        turn = (before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0]) * np.sign(self._area())
        found = np.ones(len(points))
        reach = min(np.ptp(here, axis=0)) / 2
        for corner in here[turn < 0]:
            found = np.minimum(found, np.linalg.norm(points - corner, axis=1) / reach)
        return found


@dataclass(frozen=True)
class InTime:
    """A region of space during an interval of time: ``InTime(Disc(), t=(0, 1))`` by ``in_time``.

    Attributes:
        space: the region.
        name: of the time.
        ends: when it begins and ends.
    """

    space: Domain
    name: str
    ends: Ends

    @property
    def names(self) -> tuple[str, ...]:
        return (*self.space.names, self.name)

    @property
    def ranges(self) -> tuple[Ends, ...]:
        return (*self.space.ranges, self.ends)

    @property
    def periodic(self) -> tuple[str, ...]:
        return self.space.periodic

    def inside(self, count: int, seed: int) -> np.ndarray:
        return self._during(self.space.inside(count, seed), seed)

    def boundary(self, count: int, seed: int, *, without: Sequence[str] = ()) -> np.ndarray:
        return self._during(self.space.boundary(count, seed), seed)

    def _during(self, points: np.ndarray, seed: int) -> np.ndarray:
        moments = np.random.default_rng(seed + 1).permutation(sobol(len(points), 1, seed + 1))
        return np.hstack((points, self.ends[0] + (self.ends[1] - self.ends[0]) * moments))

    def slice(self, at: Mapping[str, float], count: int, seed: int) -> np.ndarray:
        if set(at) != {self.name}:
            raise InputError(
                f"conditions of this region hold on its boundary, or at some {self.name}"
            )
        points = self.space.inside(count, seed)
        return np.hstack((points, np.full((len(points), 1), at[self.name])))

    def distance_from_corners(self, points: np.ndarray) -> np.ndarray:
        return self.space.distance_from_corners(points[:, :-1])


def in_time(space: Domain, **ends: Ends) -> InTime:
    """A region of space during an interval of time, as ``in_time(Disc(), t=(0, 1))``.

    Args:
        space: the region. ends: name of the time, with when it begins and ends.

    Raises:
        InputError: there is not exactly one time, or its interval is empty.
    """
    if len(ends) != 1:
        raise InputError(f"a region during an interval has one time, got {len(ends)}")
    ((name, pair),) = ends.items()
    return InTime(space, name, _interval(name, pair))


def _interval(name: str, pair: Ends) -> Ends:
    try:
        low, high = map(float, pair)
    except (TypeError, ValueError) as error:
        raise InputError(f"{name} needs two ends, as in {name}=(-1, 1), got {pair!r}") from error
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise InputError(f"the ends of {name} must be finite, and the first the less, got {pair}")
    return low, high


def _ends(table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return table.min(0), table.max(0)


def _known(name: str, names: Sequence[str]) -> None:
    if name not in names:
        raise InputError(f"{name!r} is none of the coordinates {', '.join(names)}")
