"""Laws of textbooks: the zoo of ``zoo_laws.csv``, three levels of noise.

    python benchmarks/zoo.py [--half development|held-out] [--noise 0 0.01] [--seconds 30] [--most N]
                             [--only NAME ...] [--effort normal] [--peers] [--table] [--quick]

All 160 laws were written down and committed before any was searched for. A law is drawn 100 to 500 times
from its ranges, with Gaussian noise as a share of the target's standard deviation. ``discover`` gets so many
processor seconds of one thread. What it found is judged on 1,000 fresh clean rows of the law's ranges and on
1,000 of ranges that are wider by a quarter on each side, where the law is finite: a law, not a curve. It is

- exact: it differs from the law by at most 1e-6 of the target's spread, as root mean square, on both;
- form: so once its constants, the snapped ones too, are fitted to the clean rows of the usual ranges, and it
  has at most one number more than the law; whether its own constants are within their errors is not asked;
- accurate: R² is above 0.999 on both; fail: none of these.

Right is what is exact without noise, and what is exact or of the right form with it. "shown" is the processor
time at which the first right formula was kept, the median over the laws that came out right; "ended" is the
whole time.

With ``--peers`` (extra ``peers``, and lmfit) Operon gets the same rows and seconds, and lmfit's built-in
models with a constant, chosen by BIC, the laws of one input. Operon computes in single precision: see its
forms. Results are kept in ``zoo.jsonl`` (``--results``); of the held-out half only shares are told.
"""

import math
import os
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np
import torch
from command import Options, installed
from forms import Form, Values, constants
from formulas import processor_seconds
from kept import FAILURES, Row, read, results
from rivals import operon_formula
from tables import write
from zoo_laws import ZooLaw, halves

from workbench.formulas.evaluation import real
from workbench.kan.data import Dataset
from workbench.search.automatic import discover
from workbench.search.discovery import Discovery, Effort

FRESH, MARGIN = 1000, 0.25
VERDICTS = ("exact", "form", "accurate", "fail")
_EXACT, _ACCURATE = 1e-6, 0.999
_GRACE = 300.0
_HALF = {law.name: half for half, members in halves().items() for law in members}
_LAWS = {law.name: law for members in halves().values() for law in members}

Course = list[tuple[float, Form]]
"""What a method had and when, in processor seconds; the last is its answer."""
Method = Callable[[Dataset, float | None], Course]
"""From a table and so many processor seconds."""


def discovery(data: Dataset, seconds: float | None, effort: Effort = "normal") -> Course:
    """What ``discover`` keeps."""
    begun, course = processor_seconds(), []

    def spent() -> float:
        return processor_seconds() - begun

    def keep(found: Discovery) -> None:
        course.append((spent(), found.formula))

    most = math.inf if seconds is None else seconds
    found = discover(
        data, effort=effort, hidden=(), keep=keep, report=lambda what, share: spent() > most
    )
    course.append((spent(), found.formula))
    return [(when, Form.of(formula)) for when, formula in course]


def operon(data: Dataset, seconds: float | None) -> Course:
    """Operon's answer."""
    begun = processor_seconds()
    x, y = data.inputs.numpy(), data.targets.numpy()[:, 0]
    formula = operon_formula(x, y, data.names, 30.0 if seconds is None else seconds)
    return [(processor_seconds() - begun, Form.of(formula))]


def curves(data: Dataset, seconds: float | None) -> Course:
    """The built-in model of lmfit, each also with a constant, that its BIC chooses."""
    from lmfit.models import ConstantModel, lmfit_models

    begun = processor_seconds()
    x, y = data.inputs.numpy()[:, 0], data.targets.numpy()[:, 0]
    fits = []
    for kind in lmfit_models.values():
        for shift in (False, True):
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                try:
                    model, start = kind(), kind().guess(y, x=x)
                    if shift:
                        model, start = model + ConstantModel(prefix="c_"), start.copy()
                        start.add("c_c", value=0.0)
                    fits.append(model.fit(y, start, x=x))
                except FAILURES:
                    continue  # not a model of one curve, or not of these values
    best = min((fit for fit in fits if math.isfinite(fit.bic)), key=lambda fit: fit.bic)

    def values(fit: object, rows: np.ndarray) -> np.ndarray:
        return real(fit.eval(x=rows[:, 0]), len(rows))

    def refitted(rows: np.ndarray, clean: np.ndarray) -> Values:
        return partial(values, best.model.fit(clean, best.params, x=rows[:, 0]))

    form = Form(best.model.name, partial(values, best), refitted, best.nvarys)
    return [(processor_seconds() - begun, form)]


METHODS: dict[str, tuple[str, Method]] = {
    "Operon": ("pyoperon", operon),
    "lmfit": ("lmfit", curves),
}
"""Peers, and the packages that hold them."""


def verdict(form: Form, law: ZooLaw) -> str:
    """See the head of this file."""
    inner, outer = law.sample(FRESH, seed=12345), law.sample(FRESH, seed=54321, margin=MARGIN)
    if _error(form.values, inner, outer) <= _EXACT:
        return "exact"
    if form.constants <= constants(law.expression) + 1:
        try:
            refitted = form.refitted(*inner)
        except FAILURES:
            return "fail"
        if _error(refitted, inner, outer) <= _EXACT:
            return "form"
    return "accurate" if _error(form.values, inner, outer) ** 2 < 1 - _ACCURATE else "fail"


def _error(values: Values, *samples: tuple[np.ndarray, np.ndarray]) -> float:
    """The largest root mean square error, in standard deviations of the law."""
    errors = []
    for x, y in samples:
        with np.errstate(all="ignore"):
            error = float(np.sqrt(np.mean((values(x) - y) ** 2)) / y.std())
        errors.append(error if math.isfinite(error) else math.inf)
    return max(errors)


def is_right(found: str, noise: float) -> bool:
    return found == "exact" or (noise > 0 and found == "form")


def judged(task: Row) -> Row:
    """One law searched for, and the verdict."""
    torch.set_num_threads(1)
    law, noise = _LAWS[task["name"]], task["noise"]
    name = task["method"]
    method = METHODS[name][1] if name in METHODS else partial(discovery, effort=task["effort"])
    course = method(law.dataset(noise), task["seconds"])
    ended, last = course[-1]
    found = verdict(last, law)
    shown = None
    if is_right(found, noise):
        first = dict(reversed([(form.text, (when, form)) for when, form in course])).values()
        shown = min(when for when, form in first if is_right(verdict(form, law), noise))
    return {"verdict": found, "shown": shown, "ended": round(ended, 1), "formula": last.text}


def table(rows: Sequence[Row]) -> list[list[object]]:
    """Shares by half, noise and method; ours on the laws of one input beside lmfit."""
    found = []
    for half in halves():
        for noise in sorted({r["noise"] for r in rows}):
            part = [r for r in rows if _HALF[r["name"]] == half and r["noise"] == noise]
            for method in ("discover", *METHODS):
                mine = [r for r in part if r["method"] == method]
                found += [_line(half, noise, method, mine)] if mine else []
                if mine and method == "lmfit":
                    same = {r["name"] for r in mine}
                    ours = [r for r in part if r["method"] == "discover" and r["name"] in same]
                    found += [_line(half, noise, "discover, same laws", ours)] if ours else []
    return found


def _line(half: str, noise: float, method: str, part: Sequence[Row]) -> list[object]:
    verdicts = Counter(r.get("verdict", "fail") for r in part)
    right = sum(is_right(r.get("verdict", "fail"), noise) for r in part)
    shown = [r["shown"] for r in part if r.get("shown") is not None]
    ended = [r["ended"] for r in part if "ended" in r]
    times = [f"{median(times):.1f}" if times else "–" for times in (shown, ended)]
    share = f"{right} ({right / len(part):.0%})"
    return [half, f"{noise:g}", method, len(part), share, *(verdicts[v] for v in VERDICTS), *times]


HEADER = (
    "half", "noise", "method", "laws", "right", *VERDICTS, "CPU s, shown", "CPU s, ended",
)  # fmt: skip


def asked(laws: Sequence[ZooLaw], noises: Sequence[float], about: Row, peers: bool) -> list[Row]:
    """A task for every law, noise and method; lmfit has models of one input."""
    methods = [n for n, (package, _) in METHODS.items() if installed(package)] if peers else []
    return [
        {"method": method, "name": law.name, "noise": noise} | about
        for noise in noises
        for law in laws
        for method in ("discover", *methods)
        if method != "lmfit" or len(law.names) == 1
    ]


def main() -> None:
    parser = Options(__doc__, most=(None, 1))
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="names of laws")
    parser.add_argument("--half", choices=tuple(halves()), default=None)
    parser.add_argument("--noise", nargs="+", type=float, default=[0.0, 0.01, 0.05])
    parser.add_argument("--seconds", type=float, default=30.0, help="processor seconds for each")
    parser.add_argument("--effort", choices=("quick", "normal"), default="normal")
    parser.add_argument("--peers", action="store_true", help="Operon and lmfit, too")
    parser.add_argument("--results", type=Path, default=Path(__file__).with_name("zoo.jsonl"))
    parser.add_argument("--table", action="store_true", help="only write the table again")
    quick = {"noise": [0.01], "seconds": 2.0, "effort": "quick", "half": "development"}
    chosen = parser.chosen(peers=True, results=Path(os.devnull), **quick)
    os.environ["OMP_NUM_THREADS"] = "1"
    parts = [members for half, members in halves().items() if chosen.half in (half, None)]
    laws = [law for members in parts for law in members[: chosen.most]]
    laws = [law for law in laws if not chosen.only or law.name in chosen.only]
    about = {"seconds": chosen.seconds, "effort": chosen.effort}
    rows = read(chosen.results)
    tasks = [] if chosen.table else asked(laws, chosen.noise, about, chosen.peers)
    for row in results(tasks, judged, chosen.results, limit=20 * chosen.seconds + _GRACE):
        if _HALF[row["name"]] == "development":
            what = row.get("verdict", "fail"), row.get("formula", row.get("failed"))
            print(row["noise"], row["method"], row["name"], *what, sep="  ", flush=True)
        rows += [row] if row not in rows else []
    rows = [r for r in rows if about.items() <= r.items()]
    if rows:
        write("zoo", HEADER, table(rows))


if __name__ == "__main__":
    main()
