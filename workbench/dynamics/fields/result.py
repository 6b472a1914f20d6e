"""What ``discover_pde`` returns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from workbench.dynamics.result import TermFit
from workbench.formulas.formula import Formula
from workbench.formulas.typesetting import layout


@dataclass(frozen=True)
class FieldEquations:
    """Partial differential equations found in fields on a grid.

    Attributes:
        equations: for every field the formula of its derivative in time, of ``order``, in the fields and
            their derivatives in space, named ``u`` and ``u_xx``.
        time, space: the columns of the grid.
        order: of the derivative in time: 1 or 2.
        terms: of every field, its terms with their factors: see ``frame``.
        noise: of every field, standard deviation of its errors, by differences of neighbours.
        misfits: of every field, squares that its equation leaves in units of what this noise explains:
            about 1 where no term is missing.
        sentences: what the fields cannot tell, and what is missing.
        seconds: wall time.
    """

    equations: Mapping[str, Formula]
    time: str
    space: Sequence[str]
    order: int
    terms: Mapping[str, tuple[TermFit, ...]]
    noise: Mapping[str, float]
    misfits: Mapping[str, float]
    sentences: tuple[str, ...]
    seconds: float

    @property
    def texts(self) -> tuple[str, ...]:
        """The equations as ``workbench.equations.Problem`` takes them: ``u_t = 0.1*u_xx - u*u_x``."""
        return tuple(
            f"{name}_{self.time * self.order} = {formula.expression}"
            for name, formula in self.equations.items()
        )

    def frame(self) -> pd.DataFrame:
        """Every factor: field, term, value, standard error and the ends of its 95 % interval."""
        rows = [
            (name, fit.text, fit.value, fit.sigma, *fit.interval)
            for name, fits in self.terms.items()
            for fit in fits
        ]
        return pd.DataFrame(rows, columns=["state", "term", "value", "sigma", "low", "high"])

    def to_latex(self) -> str:
        """The equations as rows of an ``aligned``."""
        lines = []
        for name, formula in self.equations.items():
            names = {s: self._latex(s.name, formula) for s in formula.symbols}
            power = "" if self.order == 1 else f"^{self.order}"
            u = formula.written[name].latex
            left = rf"\frac{{\partial{power} {u}}}{{\partial {self.time}{power}}}"
            lines += [e.aligned for e in layout(left, formula.printed[0], names, width=10**9)]
        rows = r" \\ ".join(lines)
        return rf"\begin{{aligned}} {rows} \end{{aligned}}"

    def _latex(self, name: str, formula: Formula) -> str:
        """A field, or a derivative as its letters below the field."""
        fields = [field for field in self.equations if name.startswith(f"{field}_")]
        if name in self.equations or not fields:
            return formula.written[name].latex
        field = max(fields, key=len)
        own = self.equations[field].written[field].latex
        return f"{{{own}}}_{{{name.removeprefix(field)[1:]}}}"

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.to_latex()}$"

    def __str__(self) -> str:
        mark = self.time * self.order
        lines = [
            f"{formula.written[name].text}_{mark} = {formula.in_text(formula.printed[0])}"
            for name, formula in self.equations.items()
        ]
        return "\n".join((*lines, *self.sentences))
