"""A formula for people: a card in HTML and a table for a paper."""

import math
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workbench.discovery.formula import Constant, Formula

_TRIVIAL = ("0", "1", "-1")
_SHOWN = ("train_loss", "validation_loss", "test_loss", "test_r2", "test_accuracy", "network_error")


def with_error(value: float, sigma: float | None) -> str:
    """A number with its standard error, both to the second digit of the error."""
    if sigma is None or not math.isfinite(sigma) or sigma <= 0:
        return f"{value:.8g}"
    places = 1 - math.floor(math.log10(sigma))
    if 0 <= places <= 12 and abs(value) < 1e6:
        return f"{value:.{places}f} ± {sigma:.{places}f}"
    digits = max(1, math.floor(math.log10(max(abs(value), sigma))) + places)
    return f"{value:.{digits}e} ± {sigma:.1e}"


def formula_card(formula: "Formula") -> str:
    """The formula, its constants with errors and evidence, its figures, its range and its limits."""
    parts = [formula.mathml]
    constants = [c for c in formula.constants if c.snapped not in _TRIVIAL]
    if constants:
        parts.append(f"<p>Constants: {'; '.join(_constant(c) for c in constants)}</p>")
    figures = [
        f"{name.replace('_', ' ')} {value:.4g}"
        for name in _SHOWN
        if (value := formula.scores.get(name)) is not None and math.isfinite(value)
    ]
    if figures:
        parts.append(f"<p>{escape(', '.join(figures))}; complexity {formula.complexity}</p>")
    ranges = [
        f"{low:.5g} ≤ {name} ≤ {high:.5g} {formula.units.get(name) or ''}".strip()
        for name, (low, high) in formula.domain.items()
        if name in formula.used
    ]
    if ranges:
        parts.append(f"<p>Fitted for {escape(', '.join(ranges))}</p>")
    if formula.limits:
        lines = "".join(f"<li>{escape(sentence)}</li>" for sentence in formula.limits)
        parts.append(f"<p>It stops at</p><ul>{lines}</ul>")
    return f'<div class="kan-formula">{"".join(parts)}</div>'


def _constant(constant: "Constant") -> str:
    if constant.snapped:
        return escape(f"{constant.evidence or f'{constant.value:.8g}'} → {constant.snapped}")
    return escape(with_error(constant.value, constant.sigma))


def latex_table(formulas: Sequence["Formula"], chosen: "Formula") -> str:
    """Formulas as a ``booktabs`` table; the chosen one is marked, long ones wrap at their signs."""
    lines = [
        r"% needs \usepackage{booktabs}",
        r"\begin{tabular}{rlrp{0.65\linewidth}}",
        r"\toprule",
        r" & complexity & validation loss & formula \\",
        r"\midrule",
    ]
    for formula in formulas:
        mark = r"$\ast$" if formula is chosen else ""
        loss = formula.scores.get("validation_loss")
        figure = "--" if loss is None or not math.isfinite(loss) else f"{loss:.3g}"
        # In running mathematics TeX breaks lines at + and = by itself; \left and \right forbid it.
        body = formula.latex.replace(r" \\ ", r"$, $\displaystyle ")
        lines.append(rf"{mark} & {formula.complexity} & {figure} & $\displaystyle {body}$ \\")
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}"]) + "\n"
