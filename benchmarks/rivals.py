"""Peers on the Feynman equations of ``formulas.py``: Operon on all 120, pykan's pipeline on ten.

    python benchmarks/rivals.py [--most 120] [--budget 30] [--ours formulas.jsonl] [--table] [--quick]

Rows, verdicts, one thread and the limit in processor seconds are those of ``formulas.py``; there is no noise.
Operon computes in single precision, so that its formulas are exact only "after refit". Of its front the
shortest formula counts whose error is below 1e-5 of the target's spread, and the most accurate where there
is none: its own choice by description length stops earlier. pykan goes the way of its first tutorial (train,
prune, train, symbols, train), on the ten equations that come first by their hash. Needs the extra ``peers``.
"""

import math
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import sympy
import torch
from command import Options, installed, not_run
from feynman_equations import Equation, halves
from formulas import COUNTS, ROWS, Results, counts, processor_seconds, read, results
from speed import silence
from sympy import Expr
from tables import write

from workbench.formulas.formula import Formula
from workbench.formulas.parsing import parse_expression, quoted
from workbench.kan.data import Dataset

_FOLDER = Path(__file__).parent
_SLICE = 2
"""Wall seconds between two looks at Operon's processor time."""
_EXACT_ENOUGH = 1e-10
"""Of the target's variance: what single precision leaves of an exact formula."""
_SYMBOLS = "add,sub,mul,div,sqrt,square,sin,cos,exp,log,pow,asin,acos,tanh,constant,variable"
_LONGEST = 10**6
_PYKAN_LIBRARY = ("x", "x^2", "x^3", "x^4", "exp", "log", "sqrt", "tanh", "sin", "abs")
_PYKAN_EQUATIONS, _HIDDEN, _STEPS = 10, 5, 50


def operon(equation: Equation, noise: float, budget: float) -> Formula:
    """Genetic programming with constants fitted by Levenberg–Marquardt."""
    data = equation.dataset(ROWS, noise=noise)
    x, y = data.inputs.numpy(), data.targets.numpy()[:, 0]
    front = operon_front(x, y, equation.names, budget)
    exact = [one for one in front if one.error <= _EXACT_ENOUGH]
    if exact:
        return min(exact, key=lambda one: one.length).formula
    return min(front, key=lambda one: one.error).formula


def operon_formula(x: np.ndarray, y: np.ndarray, names: Sequence[str], budget: float) -> Formula:
    """The shortest of Operon's front that is exact; where there is none, the one of the least BIC.

    Nodes count as parameters there. Operon's own choice needs the noise in units of the target.
    """
    front = operon_front(x, y, names, budget)
    exact = [one for one in front if one.error <= _EXACT_ENOUGH]
    if exact:
        return min(exact, key=lambda one: one.length).formula
    rows = len(y)
    return min(
        front, key=lambda one: rows * math.log(one.error) + one.length * math.log(rows)
    ).formula


@dataclass(frozen=True)
class Individual:
    """A formula of Operon's front.

    Attributes:
        length: its number of nodes. error: mean square, in variances of the target.
        tree: as Operon has it. search, names: what turns it into a formula.
    """

    length: int
    error: float
    tree: Any
    search: Any
    names: tuple[str, ...]

    @property
    def formula(self) -> Formula:
        columns = [f"x{i}" for i in range(len(self.names))]
        text = self.search.get_model_string(self.tree, 17, columns)
        return _formula(parse_expression(text, columns), columns, self.names)


def operon_front(
    x: np.ndarray, y: np.ndarray, names: Sequence[str], budget: float, *, longest: int = 50
) -> list[Individual]:
    """Operon's front after so many processor seconds of one thread, or once an error is at rounding."""
    from pyoperon.sklearn import SymbolicRegressor

    search = SymbolicRegressor(
        allowed_symbols=_SYMBOLS,
        objectives=["r2", "length"],
        optimizer_iterations=10,
        max_evaluations=10**9,
        generations=10**6,
        max_length=longest,
        max_time=_SLICE,
        n_threads=1,
        random_state=0,
        warm_start=True,
    )
    begun, front = processor_seconds(), []
    while processor_seconds() - begun < budget:
        search.fit(x, y)
        front = search.pareto_front_
        if min(one["mean_squared_error"] for one in front) <= _EXACT_ENOUGH * y.var():
            break
    variance, columns = float(y.var()), tuple(names)
    return [
        Individual(
            int(one["length"]),
            float(one["mean_squared_error"]) / variance,
            one["tree"],
            search,
            columns,
        )
        for one in front
    ]


def pykan(equation: Equation, noise: float, budget: float) -> Formula:
    """The formula of ``pykan_tutorial``."""
    columns = [f"x_{i + 1}" for i in range(len(equation.names))]
    return _formula(pykan_tutorial(equation.dataset(ROWS, noise=noise)), columns, equation.names)


def pykan_tutorial(data: Dataset, seed: int = 0) -> Expr:
    """A network with five hidden nodes, pruned, and a symbol for every edge that is left; of x_1, x_2, …"""
    import kan

    rows = torch.cat((data.train, data.validation))
    x, y = data.split("test")
    table = {
        "train_input": data.inputs[rows],
        "train_label": data.targets[rows],
        "test_input": x,
        "test_label": y,
    }
    with tempfile.TemporaryDirectory() as folder, silence():
        width = [len(data.names), _HIDDEN, 1]
        model: Any = kan.KAN(width=width, grid=3, k=3, seed=seed, ckpt_path=folder)
        model.fit(table, opt="LBFGS", steps=_STEPS, lamb=0.001)
        model = model.prune()
        model.fit(table, opt="LBFGS", steps=_STEPS)
        model.auto_symbolic(lib=list(_PYKAN_LIBRARY))
        model.fit(table, opt="LBFGS", steps=_STEPS)
        found: Expr = model.symbolic_formula()[0][0]
    return found


def _formula(expression: Expr, columns: Sequence[str], names: Sequence[str]) -> Formula:
    """In the names of the columns; decimals are no fractions of huge integers, which SymPy chokes on."""
    long = (n for n in expression.atoms(sympy.Rational) if max(abs(n.p), n.q) > _LONGEST)
    expression = expression.xreplace({n: sympy.Float(n, 17) for n in long})
    own = [parse_expression(quoted(name), names) for name in names]
    places = dict(zip(columns, own, strict=True))
    named = expression.xreplace({s: places[str(s)] for s in expression.free_symbols})
    return Formula((named,), tuple(names), target="law")


def lines(name: str, theirs: Results, mine: Results) -> list[list[object]]:
    """A peer's row, and ours on the same equations."""
    same = [mine[key] for key in theirs if key in mine]
    parts = ((name, list(theirs.values())), ("discover", same))
    return [[label, *counts(part)] for label, part in parts if part]


def main() -> None:
    parser = Options(__doc__, most=(120, 1))
    parser.add_argument("--budget", type=float, default=30.0, help="processor seconds for each")
    parser.add_argument("--ours", type=Path, default=_FOLDER / "formulas.jsonl")
    parser.add_argument("--folder", type=Path, default=_FOLDER, help="for the results of the peers")
    parser.add_argument("--table", action="store_true", help="only write the table again")
    chosen = parser.chosen(budget=2.0)
    os.environ["OMP_NUM_THREADS"] = "1"
    members = sorted((e for half in halves() for e in half), key=lambda e: e.rank)[: chosen.most]
    rivals = (
        ("pykan", "pykan", pykan, members[:_PYKAN_EQUATIONS]),
        ("Operon", "pyoperon", operon, members),
    )
    mine, rows = read(chosen.ours), []
    for name, package, method, asked in rivals:
        kept = Path(os.devnull) if chosen.quick else chosen.folder / f"{name.lower()}.jsonl"
        missing = () if chosen.table or not installed(package) else asked
        theirs = results(method, missing, (0.0,), chosen.budget, kept)
        rows += lines(name, theirs, mine)
    if not rows:
        not_run("there is no peer, and no result of one")
    write("rivals", ["method", *COUNTS], rows)


if __name__ == "__main__":
    main()
