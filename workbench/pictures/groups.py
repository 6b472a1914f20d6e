"""Pictures of the constants that differ between groups."""

from workbench.common.markup import Markup
from workbench.formulas.law import Law
from workbench.pictures.charts import interval_chart

_DRAWN = 60


def group_charts(formula: Law) -> dict[str, Markup]:
    """For each constant that differs, its values and 95 % intervals in up to sixty groups, as SVG.

    Those without an interval are left out; a formula without groups has none.
    """
    groups = formula.grouping
    if groups is None:
        return {}
    found = {}
    for place, letter in enumerate(groups.letters):
        known = [
            (str(label), row[place].value, *ends)
            for label, row in zip(groups.labels, groups.constants, strict=True)
            if (ends := row[place].interval) is not None
        ]
        if known:
            title = f"{letter} by {groups.by}, with 95 % intervals"
            found[letter] = interval_chart(known[:_DRAWN], title)
    return found
