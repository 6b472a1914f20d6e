"""Julia, R, MATLAB/Octave, Mathematica and JavaScript: interpreted, element by element."""

import shutil

from workbench.formulas.export.compiled import bodies
from workbench.formulas.export.execution import Program
from workbench.formulas.export.header import Artefact
from workbench.formulas.export.writer import Dialect, guard, words
from workbench.formulas.law import Law

_SAME = (
    "sqrt", "exp", "log", "sin", "cos", "tan", "sinh", "cosh", "tanh", "asin", "acos", "atan", "asinh",
    "acosh", "atanh", "sign",
)  # fmt: skip
_WORDS = words(
    "abs baremodule begin break case catch const continue default delete do else elseif "
    "end enum export extends false finally for function global if import in instanceof "
    "let local macro module new next null otherwise quote repeat return struct super "
    "switch this throw true try typeof using var void while with yield await class static "
    "formula pi e E I C D K N O F T c q t Inf NaN NA NULL TRUE FALSE arguments eval erf "
    "bessel_j besselj Math print ans eps i j public private protected package interface "
    "implements debugger async in_domain inDomain parfor spmd classdef persistent unwind_protect"
)
_JULIA = Dialect(
    "Julia",
    {n: n for n in _SAME}
    | {
        "Abs": "abs", "Max": "max", "Min": "min", "Heaviside": "(0.5 * (1 + sign({0})))", "erf": "erf",
        "besselj0": "besselj0", "besselj1": "besselj1",
    },
    power="({0})^({1})",
    whole="({0})^{1}",
    choose="({0} ? {1} : {2})",
    reserved=_WORDS,
)  # fmt: skip
_R = Dialect(
    "R",
    {n: n for n in _SAME}
    | {
        "Abs": "abs", "Max": "pmax", "Min": "pmin", "Heaviside": "(0.5 * (1 + sign({0})))",
        "erf": "(sign({0}) * pchisq(2 * ({0})^2, 1))", "besselj0": "besselJ(abs({0}), 0)",
        "besselj1": "(sign({0}) * besselJ(abs({0}), 1))",
    },
    power="({0})^({1})",
    whole="({0})^{1}",
    choose="ifelse({0}, {1}, {2})",
    both=" & ",
    true="TRUE",
    reserved=_WORDS,
)  # fmt: skip
_MATLAB = Dialect(
    "MATLAB",
    {n: n for n in _SAME}
    | {
        "Abs": "abs", "Max": "max", "Min": "min", "Heaviside": "(0.5 * (1 + sign({0})))", "erf": "erf",
        "besselj0": "besselj(0, {0})", "besselj1": "besselj(1, {0})",
    },
    power="({0}).^({1})",
    whole="({0}).^{1}",
    choose="choose({0}, {1}, {2})",
    times=".*",
    over="./",
    unequal="~=",
    both=" & ",
    reserved=_WORDS | {"choose"},
)  # fmt: skip
_MATHEMATICA = Dialect(
    "Mathematica",
    {
        **{n: f"{n.capitalize()}[{{0}}]" for n in _SAME},
        **{f"a{n}": f"Arc{n.capitalize()}[{{0}}]" for n in ("sin", "cos", "tan", "sinh", "cosh", "tanh")},
        "Abs": "Abs[{0}]", "Max": "Max[{0}, {1}]", "Min": "Min[{0}, {1}]", "erf": "Erf[{0}]",
        "Heaviside": "((1 + Sign[{0}])/2)", "besselj0": "BesselJ[0, {0}]", "besselj1": "BesselJ[1, {0}]",
    },
    number=lambda v: f"{v!r}".replace("e", "*^"),
    pi="Pi",
    power="({0})^({1})",
    whole="({0})^{1}",
    choose="If[{0}, {1}, {2}]",
    true="True",
    reserved=_WORDS,
    forbidden=r"[^A-Za-z0-9]",
)  # fmt: skip
_JAVASCRIPT = Dialect(
    "JavaScript",
    {n: f"Math.{n}" for n in _SAME}
    | {
        "Abs": "Math.abs", "Max": "Math.max", "Min": "Math.min", "erf": "erf",
        "Heaviside": "(0.5 * (1 + Math.sign({0})))", "besselj0": "bessel_j(0, {0})",
        "besselj1": "bessel_j(1, {0})",
    },
    pi="Math.PI",
    power="Math.pow({0}, {1})",
    whole="Math.pow({0}, {1})",
    choose="({0} ? {1} : {2})",
    equal="===",
    unequal="!==",
    reserved=_WORDS,
)  # fmt: skip
_JS_HELPERS = {
    # The series of DLMF 7.6.2: all its terms have one sign.
    "erf(": (
        "function erf(x) {\n  if (Math.abs(x) > 6) return Math.sign(x);\n  let sum = x, term = x;\n"
        "  for (let n = 1; Math.abs(term) > 1e-18 * Math.abs(sum); n++) {\n"
        "    term *= 2 * x * x / (2 * n + 1);\n    sum += term;\n  }\n"
        "  return 2 / Math.sqrt(Math.PI) * Math.exp(-x * x) * sum;\n}\n"
    ),
    # Bessel's integral (DLMF 10.9.2): the midpoint rule converges geometrically.
    "bessel_j(": (
        "function bessel_j(order, x) {\n  const n = 40 + Math.ceil(Math.abs(x));\n  let sum = 0;\n"
        "  for (let k = 0; k < n; k++) {\n    const t = Math.PI * (k + 0.5) / n;\n"
        "    sum += Math.cos(order * t - x * Math.sin(t));\n  }\n  return sum / n;\n}\n"
    ),
}


def _julia(formula: Law) -> Artefact:
    """Functions of numbers; broadcast with a dot: ``formula.(x, y)``."""
    names, parts, helpers = bodies(formula, _JULIA, "julia")
    special = any(f in code for _, code in parts for f in ("erf(", "besselj"))
    text = "using SpecialFunctions\n\n" if special else ""
    text += helpers
    text += "".join(f"{name}({', '.join(names)}) = {code}\n" for name, code in parts)
    inside = guard(names, formula, _JULIA)
    text += f"in_domain({', '.join(names)}) = {inside}\n"
    calls = "; ".join(f"println({name}(x...))" for name, _ in parts)
    calls += "; println(Int(in_domain(x...)))"
    loop = f'for line in eachline("input.txt")\n x = parse.(Float64, split(line)); {calls}\nend\n'
    files = {"program.jl": text + loop}
    return Artefact(text, Program((("julia", "program.jl"),), files, guarded=True))


def _r(formula: Law) -> Artefact:
    names, parts, helpers = bodies(formula, _R, "r")
    text = helpers
    text += "".join(f"{name} <- function({', '.join(names)}) {code}\n" for name, code in parts)
    inside = guard(names, formula, _R)
    text += f"in_domain <- function({', '.join(names)}) {inside}\n"
    columns = ", ".join(f"x[i, {i + 1}]" for i in range(len(names)))
    prints = "; ".join(f'cat(sprintf("%.17g\\n", {name}({columns})))' for name, _ in parts)
    prints += f'; cat(sprintf("%d\\n", in_domain({columns})))'
    loop = f'x <- as.matrix(read.table("input.txt"))\nfor (i in seq_len(nrow(x))) {{ {prints} }}\n'
    files = {"program.R": text + loop}
    return Artefact(text, Program((("Rscript", "program.R"),), files, guarded=True))


def _matlab(formula: Law) -> Artefact:
    names, parts, helpers = bodies(formula, _MATLAB, "matlab")
    text = ""
    for name, code in parts:
        text += f"function y = {name}({', '.join(names)})\n  y = {code};\nend\n"
    text += helpers
    inside = guard(names, formula, _MATLAB)
    text += f"function inside = in_domain({', '.join(names)})\n  inside = {inside};\nend\n"
    if any("choose(" in code for _, code in parts):
        text += (
            "function y = choose(condition, a, b)\n  y = b + zeros(size(condition));\n"
            "  a = a + zeros(size(condition));\n  y(condition) = a(condition);\nend\n"
        )
    columns = ", ".join(f"x(i, {i + 1})" for i in range(len(names)))
    prints = " ".join(f'printf("%.17g\\n", {name}({columns}));' for name, _ in parts)
    prints += f' printf("%d\\n", in_domain({columns}));'
    loop = f'x = load("input.txt");\nfor i = 1:rows(x)\n  {prints}\nend\n'
    files = {"program.m": f"1;\n{text}{loop}"}
    command = ("octave", "--no-gui", "-qf", "program.m")
    return Artefact(text, Program((command,), files, guarded=True))


def _mathematica(formula: Law) -> Artefact:
    names, parts, helpers = bodies(formula, _MATHEMATICA, "mathematica")
    text = helpers
    for name, code in parts:
        text += f"{name.replace('_', '')}[{', '.join(f'{n}_' for n in names)}] := {code}\n"
    inside = guard(names, formula, _MATHEMATICA)
    text += f"inDomain[{', '.join(f'{n}_' for n in names)}] := {inside}\n"
    calls = "; ".join(f"Print[InputForm[N[{name.replace('_', '')} @@ x]]]" for name, _ in parts)
    calls += "; Print[Boole[inDomain @@ x]]"
    rows = f'Partition[ReadList["input.txt", Number], {len(names)}]'
    loop = f"$IterationLimit = 1000000;\nDo[{calls}, {{x, {rows}}}]\n"
    # Mathics reads the same language; it is tried where there is no Wolfram engine.
    mathics = not shutil.which("wolframscript") and shutil.which("mathics")
    tool, flag = ("mathics", "-f") if mathics else ("wolframscript", "-file")
    command = (tool, flag, "program.wls")
    return Artefact(text, Program((command,), {"program.wls": text + loop}, guarded=True))


def _javascript(formula: Law) -> Artefact:
    names, parts, helpers = bodies(formula, _JAVASCRIPT, "javascript")
    text = "".join(h for mark, h in _JS_HELPERS.items() if any(mark in c for _, c in parts))
    text += helpers
    for name, code in parts:
        text += f"function {name}({', '.join(names)}) {{\n  return {code};\n}}\n"
    inside = guard(names, formula, _JAVASCRIPT)
    text += f"function in_domain({', '.join(names)}) {{\n  return {inside};\n}}\n"
    prints = " ".join(f"console.log({name}(...x));" for name, _ in parts)
    prints += " console.log(Number(in_domain(...x)));"
    loop = (
        'for (const line of require("fs").readFileSync("input.txt", "utf8").trim().split("\\n")) {\n'
        f'  const x = line.split(" ").map(Number); {prints}\n}}\n'
    )
    files = {"program.js": text + loop}
    return Artefact(text, Program((("node", "program.js"),), files, guarded=True))


WRITERS = {
    "julia": (_julia, ".jl", ("#", "")),
    "r": (_r, ".R", ("#", "")),
    "matlab": (_matlab, ".m", ("%", "")),
    "mathematica": (_mathematica, ".wl", ("(*", " *)")),
    "javascript": (_javascript, ".js", ("//", "")),
}
