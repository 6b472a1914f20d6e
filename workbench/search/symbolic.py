"""From curves to symbols: functions are chosen by what they do to the whole network.

A beam over edges: the edge with the clearest match is fixed next, in every state of the beam and to
each of its best candidates; all parameters are then refitted end to end, and the states that predict
best for their complexity go on. Finished states become formulas with constants of their own.
"""

import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from workbench.common.fence import attempt, attempts
from workbench.evidence.sample import require_formulas
from workbench.formulas.formula_set import FormulaSet
from workbench.formulas.library import SYMPY
from workbench.kan.data import Dataset
from workbench.kan.ensemble import Ensemble
from workbench.kan.model import KAN, Edge
from workbench.kan.training.refit import Refitting
from workbench.kan.training.regularization import Penalty
from workbench.network.attribution import edge_scores
from workbench.network.candidates import Candidate
from workbench.network.expressions import to_expressions
from workbench.network.fixing import fix
from workbench.search.blocks import Blocks, blocks
from workbench.search.centring import Centring
from workbench.search.polish import polished
from workbench.search.scaling import Scaling
from workbench.search.written import formulas_of_law, require_law

_ROWS = 1000
_STEPS, _FINAL_STEPS = 12, 100
_BELOW_NOISE, _ROUNDING = 0.3, 1e-16
_NEARLY_STRAIGHT = 0.999
_BITS_PER_HALVING = 4.0

Watch = Callable[[int, int], bool]


@dataclass(frozen=True)
class _State:
    model: KAN
    loss: float
    complexity: int


def symbolify(
    models: KAN | Iterable[KAN],
    data: Dataset,
    *,
    beam: int = 3,
    candidates: int = 4,
    functions: Collection[str] | None = None,
    allowed: Mapping[Edge, Collection[str]] | None = None,
    seed: int = 0,
    floor: float | None = None,
    law: str | None = None,
    watch: Watch | None = None,
) -> FormulaSet:
    """Formulas that say what the networks say, from simple to accurate.

    Args:
        models: one trained and pruned network, or several whose formulas compete.
        data: training rows fit, validation rows choose, test rows report.
        beam: states that are kept after every edge.
        candidates: functions that are tried on every edge.
        functions: building blocks that may be used, see ``search.blocks``; the usual ones by default.
        allowed: building blocks of single edges, instead of ``functions``.
        seed: of the row subset.
        floor: validation loss at the noise, the network's own by default; see ``polished``.
        law: that the networks were compiled from, see ``compile_target``. Formulas then have the form that
            it was written in; where none can be fitted, those of the networks say that theirs is another.
        watch: called with (edges fixed, edges in all); True ends the search early.

    Raises:
        InputError: a building block is not known, none is left, an edge of ``allowed`` is not there, or
            ``law`` is no law of the data.
    """
    require_formulas(data)
    if law is not None:
        require_law(law, data)
    networks = [models] if isinstance(models, KAN) else list(models)
    around = Centring.of(data)
    centres = bool(around.origins) and law is None
    if centres:
        networks, data = list(map(around.centred_network, networks)), around.centred
    scaling = Scaling.of(data)
    scales = bool(scaling.exponents) and law is None
    if scales:
        networks, data = list(map(scaling.scaled_network, networks)), scaling.scaled
        floor = None if floor is None else floor / scaling.loss(1.0)
    choice = blocks(functions, allowed)
    for model in networks:
        choice.require_edges(model)
    finished = [
        state.model
        for model in networks
        for state in _search(model, data, beam, candidates, choice, seed, watch)
    ]
    if law is not None and len(kept := formulas_of_law(law, finished, data)):
        return kept
    expressions = []
    for model in finished:
        with attempt("symbols of a network"):
            expressions.append(to_expressions(model, data.names))
    found = polished(expressions, data, network=networks[0] if networks else None, floor=floor)
    if law is not None:
        found = found.stamped(unlike=law)
    found = scaling.formulas(found) if scales else found
    return around.formulas(found) if centres else found


def ranked(found: Sequence[Candidate], effect: float, noise: float) -> list[Candidate]:
    """Candidates by ``lost_bits``, the least first."""
    return sorted(found, key=lambda candidate: lost_bits(candidate, effect, noise))


def lost_bits(candidate: Candidate, effect: float, noise: float) -> float:
    """What the output loses by a function in place of a curve, and what the function costs.

    Args:
        candidate: for one edge.
        effect: score of the edge, see ``edge_scores``.
        noise: RMSE of the network in standard deviations; what is far below it cannot be told apart.
    """
    floor = (_BELOW_NOISE * noise) ** 2 + _ROUNDING
    lost = max(1 - candidate.r2, 0.0) * effect**2
    return math.log2(lost + floor) + SYMPY[candidate.name].complexity


def _search(
    model: KAN,
    data: Dataset,
    beam: int,
    width: int,
    choice: Blocks,
    seed: int,
    watch: Watch | None,
) -> list[_State]:
    """Finished states, best first; empty when the search was ended early."""
    penalty = Penalty() if data.task == "regression" else Penalty(ridge=1e-6)
    problem = Refitting(model, data, rows=_ROWS, penalty=penalty, seed=seed)
    start = _refit(problem, model, _STEPS)
    floor = start.loss
    total = len(model.edges())
    states = [start]
    for count, edge in enumerate(_clearest_first(start.model, problem, choice)):
        grown = []
        for state in states:
            found = choice.suggest(state.model, problem.rows.typical, [edge])[edge]
            scores = edge_scores(state.model, problem.rows.typical)[edge.layer]
            effect = float(scores[edge.target, edge.source])
            for candidate in _tried(ranked(found, effect, floor), width):
                with attempt(f"{candidate.name} on an edge"):
                    trial = fix(state.model, edge, candidate.name, candidate.affine)
                    refitted = _refit(problem, trial, _STEPS)
                    cost = state.complexity + SYMPY[candidate.name].complexity
                    grown.append(_State(refitted.model, refitted.loss, cost))
        grown = [s for s in grown if math.isfinite(s.loss)] or grown
        if not grown:
            return []
        states = _best(grown, floor, beam)
        if watch is not None and watch(count + 1, total):
            return []
    finals = [state.model for state in states]
    finals += attempts("straight lines", _straight(start.model, problem, choice))
    ended: list[_State] = []
    for final in finals:
        with attempt("symbols, fitted together"):
            ended.append(_refit(problem, final, _FINAL_STEPS))
    return ended


def _straight(model: KAN, problem: Refitting, choice: Blocks) -> Iterator[KAN]:
    """Every free edge a straight line, where it may be one: with product nodes a polynomial."""
    free = _clearest_first(model, problem, choice)
    found = choice.suggest(model, problem.rows.typical, free)
    for edge in free:
        line = next((c for c in found[edge] if c.name == "linear"), None)
        if line is None:
            return
        model = fix(model, edge, line.name, line.affine)
    yield model


def _tried(candidates: list[Candidate], width: int) -> list[Candidate]:
    """The best few, and a straight line where it comes close: a wide arc passes for one too."""
    chosen = candidates[:width]
    line = [c for c in candidates[width:] if c.name == "linear" and c.r2 > _NEARLY_STRAIGHT]
    return chosen + line


def _best(states: list[_State], floor: float, beam: int) -> list[_State]:
    """States by accuracy and complexity; being better than the splines is no merit."""

    def bits(state: _State) -> float:
        return _BITS_PER_HALVING * math.log2(max(state.loss, floor, 1e-15)) + state.complexity

    return sorted(states, key=bits)[:beam]


def _clearest_first(model: KAN, problem: Refitting, choice: Blocks) -> list[Edge]:
    """Free edges, those with the best match first: what is fixed early helps the others."""
    free = [e for e in model.edges() if (e.target, e.source) not in model.layer(e.layer).fixed]
    found = choice.suggest(model, problem.rows.typical, free)
    return sorted(free, key=lambda edge: -found[edge][0].r2)


def _refit(problem: Refitting, model: KAN, steps: int) -> _State:
    """All parameters together; the loss is RMSE in standard deviations, or cross-entropy."""
    ensemble = problem.minimize(Ensemble.of([model]).regrid(problem.rows.x), steps)
    return _State(ensemble.model(0), problem.error(ensemble), 0)
