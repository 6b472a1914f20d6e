"""Every export, run on 1,000 points of the domain and compared with the formula.

python benchmarks/exports.py [--quick]
"""

import shutil
import subprocess
from importlib.metadata import PackageNotFoundError, version
from itertools import islice

import sympy
from measure import options
from tables import write

from workbench.formulas.export import LANGUAGES, export_all
from workbench.formulas.formula import Formula

X, Y, Z = sympy.symbols("x lambda my_col", real=True)
FORMULAS = {
    "exp(sin πx + λ²)": sympy.exp(sympy.sin(sympy.pi * X) + Y**2),
    "a ratio of sums": 0.43672 * X * Y / (1.06 * X**2 + Y**2 + 0.2 * Z),
    "roots and logarithms": sympy.sqrt(X + 3) * sympy.log(Y + 4.5) ** 2 - sympy.tan(Z / 3),
    "arcs and hyperbolic functions": sympy.atan(X) + sympy.asin(Y / 4) + sympy.cosh(Z) - sympy.tanh(Y),
    "cases, signs, bars": sympy.Piecewise((X**2, X < 1.3), (X, True)) + sympy.sign(Y - 1) * sympy.Abs(Z - 1)
    + sympy.Max(X, Y) + sympy.log(Y, 10),
    "special functions": sympy.besselj(0, 3 * X) + sympy.besselj(1, Y) * sympy.sinc(Z) + sympy.erf(2 * X),
    "powers": 1.5e-9 / Y + 2**X - (X - Y) ** 3 + Y ** sympy.Rational(3, 2) / (1 + Z**2),
}  # fmt: skip
TOOLS = {
    "c": ("gcc", "-dumpversion"), "fortran": ("gfortran", "-dumpversion"), "rust": ("rustc", "--version"),
    "julia": ("julia", "--version"), "r": ("Rscript", "--version"), "matlab": ("octave", "--version"),
    "mathematica": ("wolframscript", "-version"), "javascript": ("node", "--version"),
}  # fmt: skip
PACKAGES = {
    "latex": "sympy", "sympy": "sympy", "python": "numpy", "torch": "torch", "jax": "jax",
    "excel": "formulas",
}  # fmt: skip
DOMAIN = (0.5, 2.0)


def main() -> None:
    chosen = options(__doc__, most=(None, 1))
    names = ("x", "lambda", "my_col")
    found = {
        name: export_all(Formula((e,), names, domain=dict.fromkeys(names, DOMAIN)))
        for name, e in islice(FORMULAS.items(), chosen.most)
    }
    rows = []
    for place, language in enumerate(LANGUAGES):
        exports = [languages[place] for languages in found.values()]
        errors = [e.error for e in exports if e.error is not None]
        notes = dict.fromkeys(e.note for e in exports if e.note)
        guard = "–" if language in ("latex", "mathml") else "in_domain"
        worst = f"{max(errors):.1e}" if errors else "–"
        run = f"{len(errors)} of {len(exports)}"
        rows.append([language, tool(language), run, worst, guard, "; ".join(notes)])
    write("exports", HEADER, rows)


HEADER = ("language", "run by", "executed", "largest relative error", "domain guard", "otherwise")


def tool(language: str) -> str:
    """What runs a language here, with its version."""
    package = PACKAGES.get(language)
    if package is not None:
        try:
            return f"{package} {version(package)}"
        except PackageNotFoundError:
            return "–"
    command = TOOLS.get(language, ("",))[0]
    if language == "mathematica" and not shutil.which(command) and shutil.which("mathics"):
        return f"Mathics3 {version('Mathics3')}"
    if not command or shutil.which(command) is None:
        return "–"
    said = subprocess.run(  # noqa: S603 - a tool of this table asked for its version
        TOOLS[language], capture_output=True, text=True, check=False
    )
    first = (said.stdout or said.stderr).splitlines()[0]
    word = next((w for w in first.split() if w.strip("v").split(".")[0].isdigit()), "")
    return f"{TOOLS[language][0]} {word.strip('v')}"


if __name__ == "__main__":
    main()
