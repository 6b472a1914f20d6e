"""One law, several groups: is the form found, and what differs between groups?

    python benchmarks/groups.py [--half development|held-out] [--only NAME ...] [--seeds N] [--one-hot]
                                [--table] [--quick]

The twelve laws of ``group_laws.py`` hold for 3, 10 and 30 groups of 20, 10 and 8 rows, 15 % of them held
out, with Gaussian noise of 0, 1 and 5 % of the target's standard deviation. ``discover`` gets the table and
the column of groups. The answer is right where the formula, with its constants fitted to the clean target,
meets it to 1e-6 of its spread, and has as many constants that differ, and no more that are shared, as the
law: then it is the same law, however it is written. These fitted constants are the true ones in the formula's
own letters: "covered" is the share of 95 % intervals that hold them, of all constants of right answers.

With ``--one-hot`` the ordinary search gets an input of 0 and 1 for each group instead (ten groups, 20
seconds). "close" is the share of answers whose error on held-out rows is at most 1.5 times the noise there,
or 1e-6 of the target's spread without noise. Results are kept in ``groups.jsonl`` (``--results``).
"""

import math
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from command import Options
from group_laws import GROUPS, HALVES, LAWS, GroupLaw
from kept import Row, read, results
from sympy import Symbol
from tables import write

from workbench.formulas.formula import Formula
from workbench.formulas.parametric import Parametric, parametrize
from workbench.kan.data import Dataset
from workbench.search.automatic import discover
from workbench.search.groups.discovering import one_hot
from workbench.search.groups.joint import Panel, fitted

NOISES = (0.0, 0.01, 0.05)
_EXACT, _CLOSE, _SECONDS, _LIMIT = 1e-6, 1.5, 20.0, 900.0
_BY_NAME = {law.name: law for law in LAWS}


def computed(task: Row) -> Row:
    """What was found for a row of what is asked."""
    law = _BY_NAME[task["law"]]
    frame = law.table(task["groups"], GROUPS[task["groups"]], task["noise"], task["seed"])
    data = Dataset.from_frame(frame.drop(columns="clean"), "y", by="group")
    begun = os.times()
    if task["method"] == "one-hot":
        found = discover(one_hot(data), effort="quick", hidden=(), seconds=_SECONDS)
    else:
        found = discover(data, hidden=())
    ended = os.times()
    formula = found.formula
    row: Row = {
        "formula": str(formula),
        "seconds": round(ended.user + ended.system - begun.user - begun.system, 1),
        "close": _close(formula, data, task["noise"]),
    }
    return row | (_judged(law, formula, data, frame["clean"].to_numpy()) if data.by else {})


def _close(formula: Formula, data: Dataset, noise: float) -> bool:
    spread = float(data.targets.std())
    missed = formula.scores.get("test_loss") or 0.0
    return bool(missed <= max(_CLOSE * noise, _EXACT) * spread)


def _judged(law: GroupLaw, formula: Formula, data: Dataset, clean: np.ndarray) -> Row:
    """Whether it is right, and how many of its intervals hold the true constants."""
    members = data.by
    if formula.names != data.names or members is None:
        return {}
    whole = parametrize(formula.expressions, formula.names)
    letters = tuple(Symbol(name, real=True) for name in formula.varying)
    floats = len(whole.constants)
    form = Parametric(
        whole.expressions,
        whole.inputs,
        (*whole.constants, *letters),
        (*whole.values, *(0.0,) * len(letters)),
    )
    varying = np.array([False] * floats + [True] * len(letters))
    groups = len(members.labels)
    own = np.zeros((groups, 0)) if formula.grouping is None else formula.grouping.values
    start = np.column_stack((np.tile(whole.values, (groups, 1)).reshape(groups, floats), own))
    panel = Panel.of(data.inputs.numpy(), clean, np.ones(len(clean)), members.codes)
    truth = fitted(form, panel, start, varying)
    right = (
        truth.loss <= _EXACT**2 * len(panel)
        and len(letters) == len(law.differ)
        and floats <= len(law.shared)
    )
    if not right:
        return {"right": False}
    intervals = [
        (constant.interval, value)
        for row, values in zip(formula.groups.values(), truth.table[:, floats:], strict=True)
        for constant, value in zip(row.values(), values, strict=True)
    ]
    free = {c.value: c.interval for c in formula.constants if c.snapped is None}
    intervals += [
        (free.get(old), new) for old, new in zip(whole.values, truth.table[0, :floats], strict=True)
    ]
    known = [(ends, value) for ends, value in intervals if ends is not None]
    held = sum(bool(ends[0] <= value <= ends[1]) for ends, value in known)
    return {"right": True, "held": held, "intervals": len(known)}


def tasks(laws: Sequence[GroupLaw], seeds: int, *, flags: bool) -> list[Row]:
    """What is asked: of every law all numbers of groups and noises; of one-hot inputs only ten groups."""
    return [
        {"law": law.name, "groups": groups, "noise": noise, "seed": seed, "method": method}
        for method in ("groups", *(["one-hot"] if flags else []))
        for seed in range(seeds)
        for noise in NOISES
        for groups in (GROUPS if method == "groups" else (10,))
        for law in laws
    ]


def told(rows: Sequence[Row]) -> list[list[str]]:
    """Lines of the table."""
    lines = []
    for half in HALVES:
        names = {law.name for law in LAWS if law.half == half}
        for noise in NOISES:
            mine = [r for r in rows if r["law"] in names and r["noise"] == noise]
            ours = [r for r in mine if r["method"] == "groups"]
            flags = [r for r in mine if r["method"] == "one-hot"]
            ten = [r for r in ours if r["groups"] == 10]
            if not ours:
                continue
            intervals = sum(r.get("intervals", 0) for r in ours)
            held = sum(r.get("held", 0) for r in ours)
            seconds = sorted(r["seconds"] for r in ours if "seconds" in r)
            lines.append(
                [
                    half,
                    f"{noise:.0%}",
                    _share(ours, "right"),
                    f"{held / intervals:.1%} of {intervals}" if intervals and noise else "–",
                    _share(ten, "close"),
                    _share(flags, "close") if flags else "–",
                    f"{seconds[len(seconds) // 2]:.0f} s" if seconds else "–",
                ]
            )
    return lines


def _share(rows: Sequence[Row], key: str) -> str:
    good = sum(bool(r.get(key)) for r in rows)
    return f"{good / max(len(rows), 1):.0%} ({good} of {len(rows)})"


def main() -> None:
    """Run, print every answer and write the table."""
    options = Options(__doc__, seeds=(1, 1))
    options.add_argument("--half", choices=HALVES)
    options.add_argument("--only", nargs="+", choices=_BY_NAME, metavar="NAME")
    options.add_argument("--one-hot", action="store_true")
    options.add_argument(
        "--table", action="store_true", help="only write the table of what is kept"
    )
    options.add_argument("--results", type=Path, default=Path(__file__).with_name("groups.jsonl"))
    quick = {"only": ["spring"], "half": None, "results": Path(os.devnull)}
    chosen = options.chosen(**quick)
    laws = [
        law
        for law in LAWS
        if chosen.half in (None, law.half) and law.name in (chosen.only or _BY_NAME)
    ]
    rows = read(chosen.results) if chosen.table else []
    asked = [] if chosen.table else tasks(laws, chosen.seeds, flags=chosen.one_hot)
    asked = asked[:1] if chosen.quick else asked
    for row in results(asked, computed, chosen.results, limit=_LIMIT):
        rows.append(row)
        shown = str(row.get("formula") or row.get("failed"))[:110]
        state = "right" if row.get("right") else ("close" if row.get("close") else "")
        print(
            f"{row['law']:<18}{row['groups']:>3} {row['noise']:>5.0%} {row['method']:<8}{state:<6}"
            f"{row.get('seconds', math.nan):>6} s  {shown}",
            flush=True,
        )
    head = ["laws", "noise", "right", "covered", "close, ten groups", "one-hot", "processor time"]
    write("groups", head, told(rows))


if __name__ == "__main__":
    main()
