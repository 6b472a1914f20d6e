"""A comparison as a folder: figures, verdict, pictures and a page that needs nothing else."""

from pathlib import Path

import pandas as pd

from workbench.common.writing import replacing
from workbench.comparison.run import NAMES
from workbench.comparison.verdict import Comparison
from workbench.report.blocks import Bullets, Picture, Report, Section, Table
from workbench.report.html import to_html
from workbench.report.markdown import to_markdown
from workbench.report.results import check_folder

FILES = ("comparison.csv", "comparison.html", "comparison.md", "fronts.svg")


def write_comparison(found: Comparison, out: str | Path) -> list[Path]:
    """Write every run as CSV, the verdict as HTML and Markdown, and the fronts; returns the files.

    Args:
        found: the comparison. out: a folder, made when it is missing.

    Raises:
        InputError: they cannot be written; what was there is left as it was.
    """
    folder = check_folder(out)
    told = report(found)
    files = [folder / name for name in FILES]
    texts = (found.frame().to_csv(index=False), to_html(told), to_markdown(told), found.to_svg())
    with replacing(*files) as new:
        for file, text in zip(new, texts, strict=True):
            file.write_text(text, encoding="utf-8")
    return files


def report(found: Comparison) -> Report:
    """The verdict with what it stands on."""
    names = found.data.names
    shown = ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
    best = found.best
    rows = [
        (
            NAMES[run.family], run.size, f"{run.parameters:,}", f"{run.flops:,}", f"{run.seconds:.2g}",
            f"{run.validation_error:.3g}", f"{run.test_error:.3g}",
        )
        for run in best.values()
    ]  # fmt: skip
    head = (
        "family", "size", "parameters", "operations", "training, s", "validation error", "test error",
    )  # fmt: skip
    sections = [
        Section("Verdict", [Bullets(found.verdict)]),
        Section(
            f"Best of each family: {found.error_name}",
            [Table(head, rows, list(best).index(found.winner))],
        ),
        Section("What each cost buys", [Picture("fronts", found.to_svg(), "Error against cost")]),
        Section("Noise on the inputs, and the edge of the data", [_table(found.robustness())]),
        Section("How errors fall with size", [_table(found.scaling())]),
    ]
    return Report("KAN or MLP?", f"Which models for {found.data.target} from {shown}?", sections)


def _table(frame: pd.DataFrame) -> Table:
    rows = [[_cell(value) for value in row] for row in frame.itertuples(index=False)]
    return Table([str(name).replace("_", " ") for name in frame.columns], rows)


def _cell(value: object) -> str:
    if isinstance(value, float):
        return "–" if pd.isna(value) else f"{value:.3g}"
    return NAMES.get(str(value), str(value))
