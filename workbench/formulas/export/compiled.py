"""C99, Fortran and Rust: compiled, then run."""

from workbench.formulas.export.execution import Program
from workbench.formulas.export.header import Artefact
from workbench.formulas.export.series import own_functions
from workbench.formulas.export.writer import Dialect, guard, identifiers, words, write
from workbench.formulas.law import Law

_PI = "3.141592653589793"
_SAME = ("sqrt", "exp", "log", "sin", "cos", "tan", "sinh", "cosh", "tanh", "asin", "acos", "atan")
_AREA = ("asinh", "acosh", "atanh")
_C = Dialect(
    "C",
    {n: n for n in (*_SAME, *_AREA, "erf")}
    | {
        "Abs": "fabs", "Max": "fmax", "Min": "fmin", "besselj0": "j0", "besselj1": "j1",
        "sign": "(double)(({0} > 0.0) - ({0} < 0.0))",
        "Heaviside": "(0.5 * (1 + ({0} > 0.0) - ({0} < 0.0)))",
    },
    pi=_PI,
    power="pow({0}, {1})",
    whole="pow({0}, {1})",
    choose="({0} ? {1} : {2})",
    true="1",
    reserved=words(
        "auto break case char const continue default do double else enum extern float for "
        "goto if inline int long register restrict return short signed sizeof static struct "
        "switch typedef union unsigned void volatile while formula in_domain main y0 y1 yn jn "
        "gamma"
    ),
)  # fmt: skip


def _fortran_number(value: float) -> str:
    text = repr(value)
    return text.replace("e", "d") if "e" in text else f"{text}d0"


_FORTRAN = Dialect(
    "Fortran",
    {n: n for n in (*_SAME, *_AREA, "erf")}
    | {
        "Abs": "abs", "Max": "max", "Min": "min", "besselj0": "bessel_j0", "besselj1": "bessel_j1",
        "sign": "merge(0d0, sign(1d0, {0}), ({0}) == 0d0)",
        "Heaviside": "(0.5d0*(1d0 + merge(0d0, sign(1d0, {0}), ({0}) == 0d0)))",
    },
    number=_fortran_number,
    pi=f"{_PI}d0",
    choose="merge({1}, {2}, {0})",
    both=" .and. ",
    true=".true.",
    unequal="/=",
    reserved=words(
        "abs acos acosh allocate asin asinh atan atanh bessel_j0 bessel_j1 call contains cos "
        "cosh do dp else end erf exp formula function if integer intent kind log max merge "
        "min module none only print program pure read real result return sign sin sinh sqrt "
        "stop subroutine tan tanh then use value where write y in_domain inside"
    ),
    folded=True,
)  # fmt: skip
_RUST = Dialect(
    "Rust",
    {n: f"f64::{n}({{0}})" for n in (*_SAME, *_AREA)}
    | {
        "log": "f64::ln({0})", "Abs": "f64::abs({0})", "Max": "f64::max({0}, {1})",
        "Min": "f64::min({0}, {1})",
        "sign": "sign({0})", "Heaviside": "(0.5 * (1.0 + sign({0})))", "erf": "erf({0})",
        "besselj0": "bessel_j(0.0, {0})", "besselj1": "bessel_j(1.0, {0})",
    },
    number=lambda v: f"{v!r}_f64",
    pi="std::f64::consts::PI",
    power="f64::powf({0}, {1})",
    whole="f64::powi({0}, {1})",
    choose="(if {0} {{ {1} }} else {{ {2} }})",
    reserved=words(
        "as async await break const continue crate dyn else enum extern false fn for if impl "
        "in let loop match mod move mut pub ref return self static struct super trait true "
        "type union unsafe use where while abstract become box do final gen macro override "
        "priv try typeof unsized virtual yield formula in_domain main sign erf bessel_j f64 "
        "std"
    ),
)  # fmt: skip
_RUST_HELPERS = {
    "sign(": "fn sign(x: f64) -> f64 {\n    if x > 0.0 { 1.0 } else if x < 0.0 { -1.0 } else { 0.0 }\n}\n",
    # The series of DLMF 7.6.2: all its terms have one sign.
    "erf(": (
        "fn erf(x: f64) -> f64 {\n    if x.abs() > 6.0 { return x.signum(); }\n"
        "    let (mut sum, mut term, mut n) = (x, x, 1.0);\n"
        "    while term.abs() > 1e-18 * sum.abs() {\n"
        "        term *= 2.0 * x * x / (2.0 * n + 1.0);\n        sum += term;\n        n += 1.0;\n"
        "    }\n    2.0 / std::f64::consts::PI.sqrt() * (-x * x).exp() * sum\n}\n"
    ),
    # Bessel's integral (DLMF 10.9.2): the midpoint rule converges geometrically.
    "bessel_j(": (
        "fn bessel_j(order: f64, x: f64) -> f64 {\n    let n = 40 + x.abs() as usize;\n"
        "    let step = std::f64::consts::PI / n as f64;\n"
        "    (0..n).map(|k| { let t = step * (k as f64 + 0.5); (order * t - x * t.sin()).cos() })"
        ".sum::<f64>() / n as f64\n}\n"
    ),
}


def function_names(count: int) -> list[str]:
    """Names of the functions of an export, one per output."""
    return ["formula"] if count == 1 else [f"formula_{i + 1}" for i in range(count)]


def bodies(
    formula: Law, dialect: Dialect, language: str
) -> tuple[tuple[str, ...], list[tuple[str, str]], str]:
    """Names of the inputs, names and code of the functions, and helpers that these need."""
    dialect, helpers = own_functions(formula, dialect, language)
    names = identifiers(
        formula.names, dialect.reserved, forbidden=dialect.forbidden, folded=dialect.folded
    )
    symbols = dict(zip(formula.symbols, names, strict=True))
    code = [write(e, dialect, symbols) for e in formula.expressions]
    return names, list(zip(function_names(len(code)), code, strict=True)), helpers


def _c(formula: Law) -> Artefact:
    names, parts, helpers = bodies(formula, _C, "c")
    arguments = ", ".join(f"double {n}" for n in names)
    unused = "".join(f"    (void){n};\n" for n in names)
    text = (
        '#define _XOPEN_SOURCE 700 /* for j0 and j1 */\n#include <math.h>\n#include "formula.h"\n'
        + helpers
    )
    for name, code in parts:
        text += f"\ndouble {name}({arguments})\n{{\n{unused}    return {code};\n}}\n"
    inside = guard(names, formula, _C)
    text += f"\nint in_domain({arguments})\n{{\n{unused}    return {inside};\n}}\n"
    heads = "".join(f"double {name}({arguments});\n" for name, _ in parts)
    header = (
        f"#ifndef FORMULA_H\n#define FORMULA_H\n\n{heads}int in_domain({arguments});\n\n#endif\n"
    )
    count = len(names)
    scan = " && ".join(f'scanf("%lf", &x[{i}]) == 1' for i in range(count))
    values = ", ".join(f"x[{i}]" for i in range(count))
    prints = " ".join(f'printf("%.17g\\n", {name}({values}));' for name, _ in parts)
    prints += f' printf("%d\\n", in_domain({values}));'
    main = (
        '#include <stdio.h>\n#include "formula.h"\nint main(void) {\n'
        f'double x[{count}]; if (!freopen("input.txt", "r", stdin)) return 1;\n'
        f"while ({scan}) {{ {prints} }}\nreturn 0; }}\n"
    )
    flags = ("-std=c99", "-O1", "-Wall", "-Werror", "formula.c", "main.c", "-lm", "-o", "program")
    files = {"formula.c": text, "formula.h": header, "main.c": main}
    program = Program((("gcc", *flags), ("./program",)), files, guarded=True)
    return Artefact(text, program, (("formula.h", header),))


def _fortran(formula: Law) -> Artefact:
    names, parts, helpers = bodies(formula, _FORTRAN, "fortran")
    listed = ", ".join(names)
    text = f"module formulas\n  implicit none\ncontains\n{helpers}"
    for name, code in parts:
        text += (
            f"  pure double precision function {name}({_folded(listed, 60)}) result(y)\n"
            f"    double precision, intent(in) :: {_folded(listed, 60)}\n"
            f"    y = {_folded(code, 100)}\n  end function\n"
        )
    inside = guard(names, formula, _FORTRAN)
    text += (
        f"  pure logical function in_domain({_folded(listed, 60)}) result(inside)\n"
        f"    double precision, intent(in) :: {_folded(listed, 60)}\n"
        f"    inside = {_folded(inside, 100)}\n  end function\nend module\n"
    )
    values = ", ".join(f"x({i + 1})" for i in range(len(names)))
    prints = "\n".join(f"  print '(es25.17e3)', {name}({values})" for name, _ in parts)
    prints += f"\n  print '(i1)', merge(1, 0, in_domain({values}))"
    main = (
        f"program main\n  use formulas\n  double precision :: x({len(names)})\n  integer :: state\n"
        "  open(10, file='input.txt')\n  do\n  read(10, *, iostat=state) x\n  if (state /= 0) exit\n"
        f"{prints}\n  end do\nend program\n"
    )
    command = ("gfortran", "-O1", "formula.f90", "main.f90", "-o", "program")
    files = {"formula.f90": text, "main.f90": main}
    return Artefact(text, Program((command, ("./program",)), files, guarded=True))


def _folded(code: str, width: int) -> str:
    """Fortran lines end at 132 characters: continued at spaces and operators."""
    lines, line = [], ""
    for piece in code.replace("*", "*\0").replace(" ", " \0").replace("*\0*\0", "**").split("\0"):
        if len(line) + len(piece) > width and line:
            lines.append(line)
            line = ""
        line += piece
    return " &\n      ".join([*lines, line])


def _rust(formula: Law) -> Artefact:
    names, parts, helpers = bodies(formula, _RUST, "rust")
    arguments = ", ".join(f"{n}: f64" for n in names)
    text = "#![allow(non_snake_case, unused_variables, unused_parens, clippy::all)]\n"
    text += "".join(h for mark, h in _RUST_HELPERS.items() if any(mark in c for _, c in parts))
    text += helpers
    for name, code in parts:
        text += f"\npub fn {name}({arguments}) -> f64 {{\n    {code}\n}}\n"
    inside = guard(names, formula, _RUST)
    text += f"\npub fn in_domain({arguments}) -> bool {{\n    {inside}\n}}\n"
    values = ", ".join(f"x[{i}]" for i in range(len(names)))
    prints = " ".join(f'println!("{{:e}}", {name}({values}));' for name, _ in parts)
    prints += f' println!("{{}}", in_domain({values}) as i32);'
    main = (
        '\nfn main() {\n    for line in std::fs::read_to_string("input.txt").unwrap().lines() {\n'
        "        let x: Vec<f64> = line.split_whitespace().map(|w| w.parse().unwrap()).collect();\n"
        f"        {prints}\n    }}\n}}\n"
    )
    command = ("rustc", "-O", "--edition=2021", "main.rs", "-o", "program")
    program = Program((command, ("./program",)), {"main.rs": text + main}, guarded=True)
    return Artefact(text, program)


WRITERS = {
    "c": (_c, ".c", ("//", "")),
    "fortran": (_fortran, ".f90", ("!", "")),
    "rust": (_rust, ".rs", ("//", "")),
}
