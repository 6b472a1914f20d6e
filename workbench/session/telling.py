"""A session for others: as a discovery, as a report, as a folder of results."""

import time
from pathlib import Path

from workbench.baselines import Baseline, baselines_of
from workbench.errors import InputError
from workbench.formulas.export import ESSENTIAL, export_all
from workbench.network.attribution import feature_scores
from workbench.pictures.drawing import network_svg
from workbench.report import report as report_of
from workbench.report import to_html
from workbench.report.results import summary, write_results
from workbench.search.discovery import Discovery
from workbench.session.session import Session

_MLP = ((8,),)
_ITERATIONS = 300


def discovery_of(session: Session, *, peers: bool = False) -> Discovery:
    """What the session has found so far; its formula is the one that was chosen.

    Args:
        session: with a training and formulas.
        peers: whether to train a perceptron on the same split to compare with.
    """
    result = session.result
    if result is None:
        raise InputError("a report needs a trained network: train it first")
    data = session.data
    scores = feature_scores(session.model, data.typical("train")).tolist()
    found: tuple[Baseline, ...] = ()
    begun = time.perf_counter()
    if peers:
        found = tuple(baselines_of(data, hidden=_MLP, iterations=_ITERATIONS, seed=session.seed))
    return Discovery(
        data=data,
        fit=result,
        network=session.model,
        formulas=session.formulas.select(session.choice),
        importance=dict(zip(data.names, scores, strict=True)),
        baselines=found,
        seconds=result.seconds + time.perf_counter() - begun,
    )


def report(session: Session, title: str = "") -> str:
    """One HTML file that needs nothing else."""
    found = discovery_of(session, peers=True)
    about = summary(found, seed=session.seed)
    exports = export_all(found.formula, languages=ESSENTIAL)
    picture = network_svg(session.graph())
    told = report_of(found, about, exports, picture, title=title or title_of(session))
    return to_html(told)


def write(session: Session, folder: str | Path, title: str = "") -> list[Path]:
    """Report, exports, picture, graph, model and figures in a folder; returns the files."""
    found = discovery_of(session, peers=True)
    about = summary(found, seed=session.seed)
    return write_results(folder, found, about, title=title or title_of(session))


def title_of(session: Session) -> str:
    """What is explained by what, for a heading."""
    names = session.data.names
    shown = ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
    return f"{session.data.target} from {shown}"
