"""A session told as Python: a script that repeats it, and a notebook that does the same cell by cell."""

import ast
import json
from collections.abc import Iterable, Sequence

from workbench.common.markup import in_markdown
from workbench.kan.losses import LossName
from workbench.session.code import UNKNOWN, Source
from workbench.session.history import Step

_HOME = {
    "Adam": "workbench.kan",
    "KAN": "workbench",
    "Dataset": "workbench",
    "Session": "workbench",
    "discover": "workbench",
    "fit": "workbench",
    "prune_edges": "workbench",
    "symbolify": "workbench",
    "Preparation": "workbench.tables.preparation",
    "Edge": "workbench.kan.model",
    "constants_and_lines": "workbench.search.polish",
    "polished": "workbench.search.polish",
    "compile_target": "workbench.network.targets",
    "formulas_from": "workbench.search.starting",
    "network_from": "workbench.search.starting",
    "without_part": "workbench.search.parts",
    "eliminate": "workbench.network.elimination",
    "remove_edges": "workbench.network.pruning",
    "remove_node": "workbench.network.pruning",
    "expand_depth": "workbench.kan.growth",
    "expand_width": "workbench.kan.growth",
    "reopen": "workbench.kan.editing",
    "reshape": "workbench.kan.editing",
    "fix": "workbench.network.fixing",
    "untrained": "workbench.search.untrained",
    "unfix": "workbench.network.fixing",
    "law_of_groups": "workbench.search.groups.discovering",
    "lock": "workbench.kan.locking",
    "unlock": "workbench.kan.locking",
    "example_table": "workbench.tables.reading",
    "read_table": "workbench.tables.reading",
}
"""Where the names that steps use are at home."""


def script(
    steps: Sequence[Step], source: Source | str, threads: int, loss: LossName = "auto"
) -> str:
    """Python that repeats ``steps`` to the last digit, on as many threads as they were made with."""
    head, *rest = blocks(steps, source, threads, loss)
    return "\n".join([head, "", *rest]) + "\n"


def notebook(
    steps: Sequence[Step], source: Source | str, threads: int, title: str, loss: LossName = "auto"
) -> str:
    """The same as a notebook in JSON (nbformat 4.5): a cell for every step."""
    told = blocks(steps, source, threads, loss)
    cells = [_cell("markdown", 0, f"# {in_markdown(title)}")]
    cells += [_cell("code", number, text) for number, text in enumerate(told, start=1)]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    about = {"kernelspec": kernel, "language_info": {"name": "python"}}
    content = {"cells": cells, "metadata": about, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def blocks(
    steps: Sequence[Step], source: Source | str, threads: int, loss: LossName = "auto"
) -> list[str]:
    """Imports, the data, then every step."""
    data = source.code if isinstance(source, Source) else f"data = {source}" if source else UNKNOWN
    if loss != "auto":
        data += f"\ndata = data.judged_by({loss!r})"
    told = [f"torch.set_num_threads({threads})\n{data}", *(step.code for step in steps)]
    if any(step.formulas is not None for step in steps):
        told.append("print(formula)")
    names = _names(told)
    homes = sorted({_HOME[name] for name in names}, key=lambda home: (home.count("."), home))
    lines = [
        f"from {home} import {', '.join(sorted(n for n in names if _HOME[n] == home))}"
        for home in homes
    ]
    return ["\n".join(["import torch", "", *lines]), *told]


def _names(code: Iterable[str]) -> set[str]:
    """Names of the workbench that some code uses."""
    nodes = ast.walk(ast.parse("\n".join(code)))
    return {node.id for node in nodes if isinstance(node, ast.Name) and node.id in _HOME}


def _cell(kind: str, number: int, text: str) -> dict[str, object]:
    cell: dict[str, object] = {
        "cell_type": kind,
        "id": f"step-{number:02d}",
        "metadata": {},
        "source": text.splitlines(keepends=True),
    }
    return cell | ({"execution_count": None, "outputs": []} if kind == "code" else {})
