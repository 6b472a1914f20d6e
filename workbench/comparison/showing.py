"""A comparison on the page: fronts as a picture, and the best of each family as a table."""

from collections.abc import Sequence

from workbench.common.markup import Markup, element
from workbench.comparison.run import NAMES, Resource, Run, front
from workbench.pictures.fronts import fronts_chart

_AXES: tuple[tuple[Resource, str], ...] = (
    ("parameters", "parameters"),
    ("flops", "operations of a prediction"),
    ("seconds", "seconds of training"),
)
_HEAD = ("family", "size", "parameters", "operations", "seconds", "validation", "test")


def fronts_svg(runs: Sequence[Run], error: str) -> Markup:
    """The least validation error against each cost, a line for each family, side by side."""
    families = [name for name in NAMES if any(run.family == name for run in runs)]
    panels = []
    for cost, name in _AXES:
        curves = {
            NAMES[family]: [
                (float(getattr(r, cost)), r.validation_error) for r in front(runs, family, cost)
            ]
            for family in families
        }
        panels.append((name, curves))
    return fronts_chart(panels, error)


def html(
    sentences: Sequence[str],
    best: Sequence[Run],
    picture: Markup | str,
    error: str,
) -> Markup:
    """Verdict, table and picture."""
    head = element("tr", *(element("th", title) for title in _HEAD))
    rows = [
        element(
            "tr",
            *(
                element("td", text)
                for text in (
                    NAMES[run.family],
                    run.size,
                    f"{run.parameters:,}",
                    f"{run.flops:,}",
                    f"{run.seconds:.2g}",
                    f"{run.validation_error:.3g}",
                    f"{run.test_error:.3g}",
                )
            ),
        )
        for run in best
    ]
    told = element("ul", *(element("li", sentence) for sentence in sentences))
    caption = element("caption", f"Best of each family by the validation rows: {error}")
    return element("div", told, element("table", caption, head, *rows), picture)
