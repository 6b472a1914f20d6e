"""Laws out of samples: the 120 Feynman equations, four levels of noise, a time limit each.

    python benchmarks/formulas.py [--only I.6.20 ...] [--half development|held-out] [--most 30]
                                    [--noise 0 0.01] [--budget 30] [--units] [--table]
                                    [--quick]

An equation is drawn 1,000 times from its ranges, the noise is Gaussian with the given share of the target's
root mean square, and ``discover`` gets the budget in processor seconds of one thread. Its chosen formula
is judged on fresh, noise-free rows. Results are kept line by line in ``formulas.jsonl`` (``--results``): a
run that was broken off goes on where it was; a quick run keeps none. ``--table`` only writes the table again.
With ``--units`` the columns' units are given, results are kept in ``formulas_units.jsonl``, and the table is
another one.

The development half, chosen by a hash of the name, is the one that methods may be improved on.
"""

import json
import math
import multiprocessing
import os
import resource
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import sympy
import torch
from command import Options
from feynman_equations import Equation, halves
from sympy import Expr
from tables import write

from workbench.errors import InputError
from workbench.evidence.fitting import refit
from workbench.evidence.sample import Sample
from workbench.formulas.formula import Formula
from workbench.formulas.library import complexity
from workbench.formulas.parametric import parametrize
from workbench.search.automatic import discover

ROWS, FRESH = 1000, 2000
VERDICTS = ("exact", "literal", "refit", "form", "accurate", "fail")
"""Strictest first: equal to the law; equal by SRBench's rule alone; equal once its constants are fitted to
clean rows; once all its numbers are; R² above 0.999; none of these."""
_EXACT, _FORM, _ACCURATE = 1e-9, 1e-6, 0.999
_MOST_NODES_RATIO = 3
_SIMPLIFY_SECONDS, _GRACE = 10.0, 120.0


def judged(formula: Formula, equation: Equation) -> dict[str, Any]:
    """The verdict on a formula, and whether SRBench's literal rule accepts it."""
    x, y = equation.sample(FRESH, seed=12345)
    values = formula(x)
    spread = float(y.std())
    r2 = (
        1 - float(np.mean((values - y) ** 2)) / spread**2
        if np.isfinite(values).all()
        else -math.inf
    )
    literal = _in_child(_literal, formula.expression, equation.expression)
    found: dict[str, Any] = {"literal": literal, "r2": r2, "formula": str(formula.expression)[:400]}
    return found | {"verdict": _verdict(formula, equation, x, y, literal, r2)}


def _verdict(
    formula: Formula, equation: Equation, x: np.ndarray, y: np.ndarray, literal: bool, r2: float
) -> str:
    if _equal(formula(x), y):
        return "exact"
    if literal:
        return "literal"
    size = complexity(formula.expression)
    if size <= _MOST_NODES_RATIO * complexity(equation.expression):
        if _error(_refitted(formula.expression, equation, x, y), y) <= _EXACT:
            return "refit"
        if _error(_refitted(_all_free(formula.expression), equation, x, y), y) <= _FORM:
            return "form"
    return "accurate" if r2 > _ACCURATE else "fail"


def _equal(values: np.ndarray, y: np.ndarray) -> bool:
    gap = np.abs(values - y)
    return bool((gap <= _EXACT * (np.abs(y) + float(y.std()))).all())


def _error(values: np.ndarray, y: np.ndarray) -> float:
    error = float(np.sqrt(np.mean((values - y) ** 2))) / float(y.std())
    return error if math.isfinite(error) else math.inf


def _refitted(expression: Expr, equation: Equation, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    fitted = refit(parametrize([expression], equation.names), Sample(x, y[:, None]))
    return fitted.parametric.outputs(x)[:, 0]


def _all_free(expression: Expr) -> Expr:
    """Every number but whole exponents as one to be fitted."""
    if expression.is_number and not expression.is_Integer:
        return sympy.Float(float(expression))
    if expression.is_Pow and expression.exp.is_number:
        return _all_free(expression.base) ** expression.exp
    if not expression.args:
        return sympy.Float(expression) if expression.is_Integer else expression
    return expression.func(*map(_all_free, expression.args))


def _literal(formula: Expr, law: Expr) -> bool:
    """SRBench 2021: round to three digits; the difference or the ratio simplifies to a constant."""
    short = formula.xreplace(
        {n: sympy.Float(round(float(n), 3)) for n in formula.atoms(sympy.Float)}
    )
    short = sympy.nsimplify(short, rational=True) if short.atoms(sympy.Float) else short
    if sympy.simplify(short - law).is_number:
        return True
    return bool(sympy.simplify(short / law).is_number)


def _in_child(function: Callable[[Expr, Expr], bool], *arguments: Expr) -> bool:
    """A question to SymPy in a process of its own; no answer in time is a no."""
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    child = context.Process(target=lambda: sender.send(function(*arguments)))
    child.start()
    answer = bool(receiver.recv()) if receiver.poll(_SIMPLIFY_SECONDS) else False
    child.kill()
    child.join()
    return answer


Results = dict[tuple[str, float, float], dict[str, Any]]
"""By name, noise and budget."""
Method = Callable[[Equation, float, float], Formula]
"""From an equation's samples, at a level of noise and within so many processor seconds, to a formula."""


def discovery(equation: Equation, noise: float, budget: float, *, units: bool = False) -> Formula:
    """What ``discover`` chooses."""
    begun = processor_seconds()
    return discover(
        equation.dataset(ROWS, noise=noise, units=units),
        hidden=(),
        report=lambda what, share: processor_seconds() - begun > budget,
    ).formula


def run(method: Method, equation: Equation, noise: float, budget: float) -> dict[str, Any]:
    """One formula and its verdict."""
    torch.set_num_threads(1)
    begun = processor_seconds()
    formula = method(equation, noise, budget)
    seconds = round(processor_seconds() - begun, 1)
    return _about(equation, noise, budget, seconds) | judged(formula, equation)


def _about(equation: Equation, noise: float, budget: float, seconds: float) -> dict[str, Any]:
    return {
        "number": equation.number,
        "name": equation.name,
        "variables": len(equation.names),
        "noise": noise,
        "budget": budget,
        "seconds": seconds,
    }


def processor_seconds() -> float:
    """Of this process and of its children that have ended."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + ended.ru_utime + ended.ru_stime


def _guarded(method: Method, equation: Equation, noise: float, budget: float) -> dict[str, Any]:
    """As ``run`` in a process of its own, so that one that hangs or dies is a failure, not the end."""
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    task = (method, equation, noise, budget)
    child = context.Process(target=lambda: sender.send(_tried(*task)))
    child.start()
    sender.close()
    try:
        ready = receiver.poll(20 * budget + _GRACE)
        found: dict[str, Any] = receiver.recv() if ready else _failure(*task[1:], "hung")
    except EOFError:
        found = _failure(*task[1:], "died")
    child.kill()
    child.join()
    return found


def _tried(method: Method, equation: Equation, noise: float, budget: float) -> dict[str, Any]:
    try:
        return run(method, equation, noise, budget)
    except (InputError, ValueError, ArithmeticError, RuntimeError, TypeError, KeyError) as error:
        return _failure(equation, noise, budget, repr(error)[:200])


def _failure(equation: Equation, noise: float, budget: float, why: str) -> dict[str, Any]:
    verdict = {"literal": False, "verdict": "fail", "formula": why}
    return _about(equation, noise, budget, budget) | verdict


def table(results: Iterable[dict[str, Any]]) -> list[list[object]]:
    """Rows by half and noise, then by number of variables."""
    known = list(results)
    kinds = sorted({(r["noise"], r["budget"]) for r in known})
    lines = []
    for half, members in zip(("development", "held out"), halves(), strict=True):
        names = {e.name for e in members}
        for kind in kinds:
            part = [r for r in known if (r["noise"], r["budget"]) == kind and r["name"] in names]
            if part:
                lines.append(_line(half, kind, "all", part))
    for kind in kinds:
        for few, many in ((1, 2), (3, 3), (4, 4), (5, 5), (6, 9)):
            part = [
                r
                for r in known
                if (r["noise"], r["budget"]) == kind and few <= r["variables"] <= many
            ]
            if part:
                label = f"{few}" if few == many else f"{few}–{many}"
                lines.append(_line("both", kind, label, part))
    return lines


def _line(
    half: str, kind: tuple[float, float], variables: str, part: Sequence[dict[str, Any]]
) -> list[object]:
    return [half, *(f"{number:g}" for number in kind), variables, *counts(part)]


def counts(part: Sequence[dict[str, Any]]) -> list[object]:
    """How many equations, how many of each verdict, and the median of their processor seconds."""
    verdicts = Counter(r["verdict"] for r in part)
    exact = f"{verdicts['exact']} ({verdicts['exact'] / len(part):.0%})"
    literal = sum(bool(r["literal"]) for r in part)
    seconds = sorted(r["seconds"] for r in part)[len(part) // 2]
    return [len(part), exact, literal, *(verdicts[v] for v in VERDICTS[2:]), f"{seconds:.0f}"]


COUNTS = (
    "equations", "exact", "literal SRBench", "after refit", "same form", "only accurate", "fail",
    "CPU s, median",
)  # fmt: skip
HEADER = ("half", "noise", "limit, s", "variables", *COUNTS)


def results(
    method: Method,
    members: Iterable[Equation],
    noises: Iterable[float],
    budget: float,
    path: Path,
) -> Results:
    """What the file holds and, added to it one by one, what it lacks."""
    known = read(path)
    for noise in noises:
        for equation in members:
            key = (equation.name, noise, budget)
            if key in known:
                continue
            known[key] = _guarded(method, equation, noise, budget)
            with path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(known[key]) + "\n")
            print(
                noise, equation.name, known[key]["verdict"], known[key]["formula"][:100], flush=True
            )
    return known


def read(path: Path) -> Results:
    """Results by name, noise and budget."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    kept = [json.loads(line) for line in lines]
    return {(r["name"], r["noise"], r["budget"]): r for r in kept}


def main() -> None:
    parser = Options(__doc__, most=(120, 1))
    parser.add_argument("--only", nargs="+", default=[], help="names of equations")
    parser.add_argument("--half", choices=("development", "held-out"), default=None)
    parser.add_argument("--noise", nargs="+", type=float, default=[0.0, 0.001, 0.01, 0.1])
    parser.add_argument("--budget", type=float, default=30.0, help="processor seconds for each")
    parser.add_argument("--units", action="store_true", help="give the units of the columns, too")
    parser.add_argument("--results", type=Path, default=None)
    parser.add_argument("--table", action="store_true", help="only write the table again")
    chosen = parser.chosen(noise=[0.0], budget=2.0, results=Path(os.devnull))
    os.environ["OMP_NUM_THREADS"] = "1"
    first, second = halves()
    members = {"development": first, "held-out": second, None: (*first, *second)}[chosen.half]
    members = tuple(sorted(members, key=lambda e: e.rank)[: chosen.most])
    if chosen.only:
        members = tuple(e for e in members if e.name in chosen.only)
    noises = () if chosen.table else chosen.noise
    name = "formulas_units" if chosen.units else "formulas"
    path = chosen.results or Path(__file__).with_name(f"{name}.jsonl")
    method = partial(discovery, units=chosen.units)
    known = results(method, members, noises, chosen.budget, path)
    if known:
        write(name, HEADER, table(known.values()))


if __name__ == "__main__":
    main()
