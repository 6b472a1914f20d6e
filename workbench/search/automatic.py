"""From a table to a law without a question: the whole way that a session goes step by step.

Structure is looked for first: symmetries, factors, links, sums of products. A law that leaves nothing but
rounding ends the search. Otherwise several small shapes are trained, pruned by the refit test and turned
into symbols; a ratio of sums is tried on the inputs that survive. All formulas compete in one table, on all
rows that are not held out. Where the best of them leaves noise, and no network knows better, the search ends.
Where a few rows lie far off everything that was found, it begins again with a loss that counts them less.
"""

import math
from collections.abc import Collection, Mapping
from concurrent.futures import Executor
from dataclasses import replace
from functools import partial
from typing import Any

from loky import cpu_count

from workbench.common.fence import noting_skipped
from workbench.errors import InputError
from workbench.evidence.outliers import outliers, robust_instead, slips
from workbench.formulas.formula import Formula
from workbench.formulas.selection import REGRESSION
from workbench.formulas.units import parse_all
from workbench.kan.config import Width
from workbench.kan.data import Dataset
from workbench.kan.training.request import require_options
from workbench.search.blocks import blocks
from workbench.search.centring import Centring
from workbench.search.course import Course, importance_of
from workbench.search.discovery import Discovery, Effort, Keep, Report, restored
from workbench.search.groups.discovering import discover_by_group
from workbench.search.polish import constants_and_lines
from workbench.search.scaling import Scaling
from workbench.search.shapes import default_widths, simplest, spread_of

GRIDS = (3, 6, 12)


@noting_skipped()
def discover(
    data: Dataset,
    *,
    effort: Effort = "normal",
    widths: tuple[Width, ...] | None = None,
    structure: bool = True,
    refused: Collection[str] = (),
    ratio: bool = True,
    functions: Collection[str] | None = None,
    grids: tuple[int, ...] = GRIDS,
    hidden: tuple[tuple[int, ...], ...] = ((8,),),
    training: Mapping[str, Any] | None = None,
    seed: int = 0,
    seconds: float = math.inf,
    report: Report | None = None,
    keep: Keep | None = None,
    executor: Executor | None = None,
    workers: int | None = None,
) -> Discovery:
    """Find formulas for a table.

    Independent pieces (networks, their formulas) run in processes of one thread each as soon as one of them
    takes long. A seed gives the same formula whatever their number.

    Args:
        data: the table and its split. Where its columns have units, formulas that mix them up are not
            chosen, and constants carry theirs. Where it names groups (``by``), constants may differ between
            them; shapes, structure, ratios, grids and training are then not asked for.
        effort: "quick" tries fewer shapes.
        widths: shapes to try instead of the default ones.
        structure: look for symmetries, factors, links and sums of products first (regression only).
        refused: sentences of suggestions that must not be used, see ``Suggestion``.
        ratio: also try ratios of sums on the most important inputs (regression only).
        functions: building blocks that formulas may have beside sums, products and whole powers, see
            ``search.blocks``; the usual ones by default.
        grids: grid sizes that every shape is trained on, from coarse to fine.
        hidden: hidden layers of the MLPs that serve as baselines.
        training: arguments of ``fit`` for every network, see ``Course``; what it does not name the search
            chooses itself.
        seed: of all random numbers.
        seconds: wall time that it may take; what is found by then is completed in the last quarter.
        report: see ``Report``. keep: see ``Keep``; the first call comes before any search.
        executor: where the pieces run instead, such as Dask's ``client.get_executor()``.
        workers: processes on this machine, as many as it has cores by default; 1 starts none.

    Raises:
        InputError: a unit cannot be read, a building block or an option is not known, or there is no time.
    """
    if not seconds > 0:
        raise InputError(f"seconds must be positive, got {seconds!r}")
    parse_all(data.units)
    require_options(training or {})
    chosen = blocks(functions).functions
    again = partial(
        discover,
        effort=effort,
        widths=widths,
        structure=structure,
        ratio=ratio,
        functions=functions,
        grids=grids,
        hidden=hidden,
        training=training,
        seed=seed,
        report=report,
        executor=executor,
        workers=workers,
    )

    far_off = slips(data)
    if far_off:
        kept = far_off.left_out(data)
        return _stamped(again(kept, refused=refused, keep=keep, seconds=seconds), far_off.taken)
    if data.by is not None:
        return discover_by_group(
            data,
            effort,
            chosen,
            hidden=hidden,
            seed=seed,
            seconds=seconds,
            report=report,
            keep=keep,
        )

    def there(table: Dataset, view: Centring | Scaling, left: float) -> Discovery:
        back = partial(restored, around=view)
        kept = keep and (lambda found: keep(back(found)))
        return back(again(table, refused=view.without_note(refused), keep=kept, seconds=left))

    around, scaling = Centring.of(data), Scaling.of(data)
    if scaling.exponents and not around.origins:
        return there(scaling.scaled, scaling, seconds)
    course = Course(
        data,
        effort,
        chosen,
        grids,
        hidden,
        seed,
        seconds,
        report,
        keep,
        training or {},
        executor,
        cpu_count() if workers is None else workers,
    )
    course.start(constants_and_lines(data))
    # A law that leaves nothing needs no other origin; whatever else is found far from zero does.
    if around.origins and not (structure and course.structure(refused).exact):
        return there(around.centred, around, course.left)
    if structure and not course.tell("looking for structure", 0.0):
        found = course.structure(refused)
        allowed = found.formulas.made_of(chosen)
        course.find(allowed, suggestions=found.suggestions)
        if found.exact and len(allowed) == len(found.formulas) and course.states_law:
            return course.finished()
    if not course.tell("sums of chosen terms", 0.0):
        course.regressions()
    if course.stopped:
        return course.so_far
    far = _rows_far_off(course.so_far.formula, data)
    if far:
        robust = again(data.judged_by("huber"), refused=refused, keep=keep, seconds=course.left)
        return _stamped(robust, robust_instead(far))
    with course.pieces:
        return _by_training(course, widths or default_widths(data, effort), ratio)


def _stamped(found: Discovery, taken: str) -> Discovery:
    """What was found, with what was done of rows far off."""
    return replace(found, formulas=found.formulas.stamped(outliers=taken))


def _rows_far_off(formula: Formula, data: Dataset) -> str:
    """Which rows spoil least squares where it was not asked for; empty where none do."""
    if data.loss != "auto":
        return ""
    told = outliers(formula, data)
    # Where there is no law but a regression, it may be such rows that hide it.
    return told or (outliers(None, data) if formula.provenance.get(REGRESSION) else "")


def _by_training(course: Course, widths: tuple[Width, ...], ratio: bool) -> Discovery:
    """What networks of several shapes say, pruned and turned into symbols."""
    shapes = course.train(widths)
    if not shapes:
        return course.finished()
    best = simplest(shapes, spread_of(course.data))
    importance = importance_of(best.fit.model, course.data)
    course.find(
        network=best.elimination.model, fit=best.fit, shapes=tuple(shapes), importance=importance
    )
    if not course.settled_against(shapes):
        course.symbols(shapes, importance, ratio)
    course.exchanges()
    return course.so_far if course.stopped else course.finished()
