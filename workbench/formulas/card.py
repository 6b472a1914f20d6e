"""A formula for people: a card in HTML and a table for a paper."""

import math
from collections.abc import Sequence

import networkx as nx

from workbench.common.markup import Markup, element
from workbench.formulas.constant import Constant
from workbench.formulas.digits import full_digits, interval_in_words, with_error
from workbench.formulas.groups import Groups
from workbench.formulas.law import Law
from workbench.formulas.selection import CLEAR, expected, of_the_mean
from workbench.formulas.typesetting import rounded

_COLUMN = 36
_RIVALS = 4
_REACH = 1.96
_UNLIKELY = 1e-3
_GROUPS = 40
TRIVIAL = ("0", "1", "-1")
"""What a constant becomes that goes without saying."""
_SHOWN = ("train_loss", "validation_loss", "test_loss", "test_r2", "test_accuracy", "network_error",
          "chi2_per_degree")  # fmt: skip


def formula_card(formula: Law) -> Markup:
    """The formula, its constants with errors and evidence, its figures, its range and its limits."""
    parts = [formula.mathml]
    parts += [element("p", sentence) for sentence in formula.legend]
    constants = [c for c in formula.constants if c.snapped not in TRIVIAL]
    if constants:
        parts.append(element("p", "Constants: ", "; ".join(map(in_words, constants))))
    if formula.grouping is not None:
        parts.append(groups_table(formula.grouping))
    if formula.as_fitted:
        loss = formula.scores.get("as_fitted_loss")
        told = "" if loss is None else f" (validation loss {loss:.4g})"
        raw = "; ".join(formula.in_text(rounded(e, full_digits)) for e in formula.as_fitted)
        parts.append(element("p", f"As fitted: {raw}{told}"))
    figures = [
        f"{name.replace('_', ' ')} {value:.4g}"
        for name in _SHOWN
        if (value := formula.scores.get(name)) is not None and math.isfinite(value)
    ]
    if figures:
        parts.append(element("p", f"{', '.join(figures)}; complexity {formula.complexity}"))
    if held := ranges(formula):
        parts.append(element("p", "Fitted for ", ", ".join(held)))
    if formula.limits:
        lines = [element("li", sentence) for sentence in formula.limits]
        parts += [element("p", "It stops at"), element("ul", *lines)]
    parts += [element("p", sentence) for sentence in remarks(formula)]
    return element("div", *parts, class_="kan-formula")


def ranges(formula: Law) -> list[str]:
    """Between what values of each input, with its unit, a formula was fitted."""
    return [
        f"{low:.5g} ≤ {formula.written[name].text} ≤ {high:.5g} {formula.units.get(name) or ''}".strip()
        for name, (low, high) in formula.domain.items()
        if name in formula.used
    ]


def groups_table(groups: Groups) -> Markup:
    """The constants of every group with their errors and 95 % intervals."""
    more = len(groups.labels) - _GROUPS
    head = [element("th", groups.by), *(element("th", text) for text in groups_head(groups))]
    rows = [
        element("tr", element("th", str(label)), *(element("td", text) for text in cells))
        for label, cells in list(zip(groups.labels, groups_cells(groups), strict=True))[:_GROUPS]
    ]
    if more > 0:
        told = f"and {more} groups more, see formula.group_table()"
        rows.append(element("tr", element("td", told, colspan=len(head))))
    return element("table", element("thead", element("tr", *head)), element("tbody", *rows))


def groups_head(groups: Groups) -> list[str]:
    """What stands above the constants of groups: letters, with the units that they have."""
    units = [constant.unit for constant in groups.constants[0]]
    named = [
        f"{k} in {unit}" if unit not in ("", "1") else k
        for k, unit in zip(groups.letters, units, strict=True)
    ]
    return [*(text for name in named for text in (name, "95 % interval")), "rows"]


def groups_cells(groups: Groups) -> list[list[str]]:
    """One line a group: each constant with its error, its interval, and the rows."""
    found = []
    for row, count in zip(groups.constants, groups.rows, strict=True):
        cells = []
        for constant in row:
            ends = constant.interval
            cells.append(with_error(constant.value, constant.sigma, constant.digits))
            cells.append("not determined" if ends is None else interval_in_words(*ends))
        found.append([*cells, str(count)])
    return found


def in_words(constant: Constant) -> str:
    """A constant with its error, or with what it was before it was snapped, and its unit."""
    unit = f" {constant.unit}" if constant.unit not in ("", "1") else ""
    if constant.snapped:
        before = constant.evidence or f"{constant.value:.8g}"
        noticed = f" (F = {constant.f_value:.2g})" if constant.f_value else ""
        return f"{before} → {constant.snapped}{unit}{noticed}"
    return f"{with_error(constant.value, constant.sigma, constant.digits)}{unit}"


def number(constant: Constant) -> str:
    """A constant as the formula prints it."""
    return f"{constant.value:.{constant.digits or full_digits(constant.value)}g}"


def stability(formula: Law) -> list[str]:
    """Sentences on how often the form was chosen when rows were drawn again."""
    found = []
    share, resamples = (formula.scores.get(k) for k in ("selection_frequency", "resamples"))
    if share is not None and resamples:
        found.append(
            f"Chosen in {round(share * resamples)} of {resamples:.0f} bootstrap resamples, among the "
            "forms that were tried."
        )
    share, searches = (formula.scores.get(k) for k in ("search_frequency", "searches"))
    if share is not None and searches:
        found.append(
            f"{round(share * searches)} of {searches:.0f} whole searches on resampled rows ended with "
            "this form."
        )
    return found


def no_law(formula: Law) -> list[str]:
    """A sentence where it is no law: it knows no input, or does no better on new rows than the mean."""
    value, mean = expected(formula), of_the_mean(formula)
    plain = "mean" if formula.task == "regression" else "shares of the classes"
    if not formula.used and math.isfinite(mean):
        return [f"No law was found: no form that was tried is clearly better than the {plain}."]
    if math.isfinite(mean) and value >= mean:
        return [
            f"This is no law: on rows that it has not seen it errs by {value:.3g}, the {plain} of "
            f"{formula.target} by {mean:.3g}."
        ]
    held_out = formula.scores.get("test_r2")
    if formula.used and held_out is not None and held_out < 0:
        return [
            "This is no law: on the rows that were held out it does worse than their mean "
            f"(R² {held_out:.3g})."
        ]
    return []


def alternatives(formula: Law) -> list[str]:
    """A sentence that names the forms that the rows do not tell apart from it."""
    if not formula.rivals or not formula.used:
        return []
    shown = "; ".join(" and ".join(text.splitlines()) for text in formula.rivals[:_RIVALS])
    more = len(formula.rivals) - _RIVALS
    return [f"Not told apart from {shown}{f'; and {more} more' if more > 0 else ''}."]


def ratios(formula: Law) -> list[str]:
    """A sentence where rows leave a common factor of constants free: the ratios that they determine."""
    known = [(c, c.proportion) for c in formula.constants if c.proportion]
    if not known:
        return []
    told = [
        f"{number(c)} : {number(formula.constants[p.reference])} = {with_error(p.ratio, p.sigma)} "
        f"(95 %: {interval_in_words(p.ratio - _REACH * p.sigma, p.ratio + _REACH * p.sigma)})"
        for c, p in known
        if p.sigma
    ]
    free = (
        "The form tells the classes of all training rows apart, which leaves a common factor of "
        f"{', '.join(number(c) for c, _ in known)} free"
    )
    return [f"{free}: only ratios are known, {'; '.join(told)}." if told else f"{free}."]


def remarks(formula: Law) -> list[str]:
    """Sentences on how firm it is, and on what its evidence does not carry."""
    found = [*no_law(formula), *stability(formula), *alternatives(formula)]
    if law := formula.provenance.get("law"):
        numbers = formula.provenance.get("letters")
        found.append(
            f"It has the form that was written, {law}{f', with {numbers}' if numbers else ''}."
        )
    if unlike := formula.provenance.get("unlike"):
        found.append(f"It has another form than the law that was written, {unlike}.")
    together = formula.provenance.get("collinear")
    found += [f"Inputs that go together: {together}."] if together else []
    far = formula.provenance.get("outliers")
    found += [f"{far}."] if far else []
    found += [formula.explosion] if formula.explosion else []
    found += [f"In units: {problem}." for problem in formula.unit_problems]
    found += ratios(formula)
    found += against_errors(formula)
    if (formula.scores.get("lack_of_fit") or 0.0) > CLEAR:
        found.append(
            "Residuals of neighbouring rows agree: the formula misses something, and the errors of "
            "its constants are too small."
        )
    return [*found, *_ties(formula), *_undetermined(formula)]


def against_errors(formula: Law) -> list[str]:
    """A sentence on the scatter beside the stated errors of the target; none where none are stated."""
    value, chance = (formula.scores.get(k) for k in ("chi2_per_degree", "chi2_probability"))
    if value is None or chance is None:
        return []
    told = f"χ² per degree of freedom is {value:.3g} against the stated errors"
    if chance < _UNLIKELY:
        return [
            f"{told}: they do not explain the scatter (p = {chance:.1g}). The formula misses something, or "
            "the errors are larger than stated, and so are those of its constants."
        ]
    if chance > 1 - _UNLIKELY:
        return [f"{told}: the rows scatter less than these say, which may be too large."]
    return [f"{told}, which explain the scatter."]


def _ties(formula: Law) -> list[str]:
    """Groups of constants whose combination is better known than each of them."""
    graph = nx.Graph()
    for place, constant in enumerate(formula.constants):
        graph.add_weighted_edges_from(
            (place, other, r) for other, r in constant.tied if other > place
        )
    told = []
    for group in map(sorted, nx.connected_components(graph)):
        *some, last = (number(formula.constants[place]) for place in group)
        pairs = [r for *_, r in graph.subgraph(group).edges.data("weight")]
        firm = (
            f"correlation {pairs[0]:+.3f}"
            if len(pairs) == 1
            else (f"correlations of {min(map(abs, pairs)):.3f} and more")
        )
        than = "either" if len(group) == 2 else "any of them"
        told.append(
            f"The constants {', '.join(some)} and {last} move together ({firm}): their combination "
            f"is better known than {than}."
        )
    return told


def _undetermined(formula: Law) -> list[str]:
    """Constants without an error of their own."""
    loose = [
        number(constant)
        for constant in formula.constants
        if constant.snapped is None and constant.sigma is None and not constant.proportion
    ]
    if not loose:
        return []
    them = "the constant" if len(loose) == 1 else "any of the constants"
    return [f"The data do not determine {them} {', '.join(loose)} by itself."]


def latex_table(formulas: Sequence[Law], chosen: Law) -> str:
    """Formulas as a ``booktabs`` table; the chosen one is marked, long ones wrap at their signs."""
    lines = [
        r"% needs \usepackage{booktabs}; the loss is that of validation rows",
        r"\begin{tabular}{rlrp{0.55\linewidth}}",
        r"\toprule",
        r" & complexity & loss & formula \\",
        r"\midrule",
    ]
    for formula in formulas:
        mark = r"$\ast$" if formula is chosen else ""
        loss = formula.scores.get("validation_loss")
        figure = "--" if loss is None or not math.isfinite(loss) else f"{loss:.3g}"
        equations = [e for group in formula.equations(_COLUMN) for e in group]
        body = r" \newline ".join(
            rf"$\displaystyle {e.left} = " + r"$ \newline $\displaystyle \quad ".join(e.rows) + "$"
            for e in equations
        )
        lines.append(rf"{mark} & {formula.complexity} & {figure} & {body} \\")
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}"]) + "\n"
