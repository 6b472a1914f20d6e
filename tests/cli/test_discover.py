"""``discover``: results that can be used, and one clear sentence for every mistake."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import sympy

from tests.cli.tables import good
from workbench.cli import main
from workbench.errors import InputError
from workbench.formulas.formula import Formula
from workbench.formulas.srepr import parse_srepr
from workbench.kan import checkpoint
from workbench.kan.data import Dataset

RANDOM = np.random.default_rng(0)
ROWS = 60


def test_the_toy_function_is_recovered_exactly(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    table, out, figures = tmp_path / "t.csv", tmp_path / "out", tmp_path / "f.json"
    good().to_csv(table, index=False)
    arguments = ["discover", str(table), "--target", "y", "--json", str(figures), "--out", str(out)]
    assert main([*arguments, "--threads", "1"]) == 0
    about = json.loads(figures.read_text())
    x1, x2 = sympy.symbols("x1 x2", real=True)
    found = parse_srepr(about["formula"]["srepr"])
    assert found == sympy.exp(sympy.sin(sympy.pi * x1) + x2**2)
    assert about["formula"]["r2"] > 1 - 1e-12
    assert about["seconds"] < 120  # a hang, not a speed, is caught here
    assert {"accuracy", "baselines", "seed", "versions"} <= about.keys()
    assert "exp(x2**2 + sin(pi*x1))" in capsys.readouterr().out
    page = (out / "report.html").read_text()
    assert page.count("<svg") >= 3
    assert "<script" not in page
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert Formula.load(out / "formula.json").expression == found
    model = checkpoint.load(out / "model.safetensors")
    assert model.in_features == 2


def test_a_product_and_awkward_column_names(tmp_path: Path) -> None:
    table, figures = tmp_path / "t.parquet", tmp_path / "f.json"
    x = np.random.default_rng(1).uniform(0.5, 3, (500, 3))
    frame = pd.DataFrame(x, columns=["mass <kg>", 'a "long" name & more', "idle"])
    frame["E"] = frame["mass <kg>"] * frame['a "long" name & more']
    frame.to_parquet(table)
    out = tmp_path / "deep" / "out"
    command = ["discover", str(table), "--target", "E", "--json", str(figures), "--out", str(out)]
    assert main([*command, "--quick", "--threads", "1"]) == 0
    formula = json.loads(figures.read_text())["formula"]
    product = sympy.Mul(*(sympy.Symbol(n, real=True) for n in frame.columns[:2]))
    assert parse_srepr(formula["srepr"]) == product
    assert "<kg>" not in (out / "report.html").read_text()
    assert "mass &lt;kg&gt;" in (out / "report.html").read_text()


def test_classes_are_recognized_and_dropped_rows_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture, small_searches: None
) -> None:
    table, figures = tmp_path / "t.csv", tmp_path / "f.json"
    x = np.random.default_rng(2).uniform(-1, 1, (400, 2))
    frame = pd.DataFrame({"a": x[:, 0], "b": x[:, 1]})
    frame["kind"] = np.where(x[:, 0] + x[:, 1] > 0.1, "up", "down")
    frame.loc[:6, "a"] = np.nan
    frame.to_csv(table, index=False)
    command = ["discover", str(table), "--target", "kind", "--json", str(figures), "--quick"]
    assert main([*command, "--threads", "1"]) == 0
    assert "7 of 400 rows were dropped" in capsys.readouterr().out
    about = json.loads(figures.read_text())
    assert about["task"] == "classification"
    assert about["formula"]["accuracy"] > 0.95


@pytest.mark.parametrize(("option", "loss"), [(["--loss", "huber"], "huber"), ([], "auto")])
def test_the_search_is_given_the_loss(
    option: list[str],
    loss: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture,
) -> None:
    def search(data: Dataset, **how: object) -> None:
        raise InputError(f"the loss is {data.loss}")

    monkeypatch.setattr("workbench.search.automatic.discover", search)
    good().to_csv(tmp_path / "t.csv", index=False)
    assert main(["discover", str(tmp_path / "t.csv"), "--target", "y", *option]) == 2
    assert f"the loss is {loss}\n" in capsys.readouterr().err


def test_units_groups_and_repeated_searches(
    tmp_path: Path, capsys: pytest.CaptureFixture, small_searches: None
) -> None:
    table, out = tmp_path / "t.csv", tmp_path / "out"
    random = np.random.default_rng(5)
    x = random.uniform(0.5, 2, (60, 2))
    force = 3.7 * x[:, 0] * x[:, 1] + 0.01 * random.standard_normal(60)
    pd.DataFrame({"k": x[:, 0], "x": x[:, 1], "F": force}).to_csv(table, index=False)
    command = [
        "discover",
        str(table),
        "--target",
        "F",
        "--quick",
        "--threads",
        "1",
        "--out",
        str(out),
    ]
    units = ["--units", "k=N/cm", "x=cm", "F=N"]
    assert main([*command, *units, "--resamples", "1"]) == 0
    printed = capsys.readouterr().out
    assert "Dimensionless groups: F/(k*x)" in printed
    assert "of 1 whole searches" in printed
    formula = Formula.load(out / "formula.json")
    assert formula.units == {"k": "N/cm", "x": "cm", "F": "N"}
    assert formula.unit_problems == ()
    assert formula.provenance["file"] == "t.csv"
    assert "file: t.csv" in (out / "formula.c").read_text()


def test_a_sample_is_judged_on_the_other_rows(
    tmp_path: Path, capsys: pytest.CaptureFixture, small_searches: None
) -> None:
    x = np.random.default_rng(6).uniform(1, 2, (500, 2))
    table = pd.DataFrame({"a": x[:, 0], "b": x[:, 1], "y": 3 * x[:, 0] * x[:, 1]})
    table.to_csv(tmp_path / "t.csv", index=False)
    figures = tmp_path / "f.json"
    command = ["discover", str(tmp_path / "t.csv"), "--target", "y", "--rows", "60", "--quick"]
    assert main([*command, "--threads", "1", "--json", str(figures)]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("A random sample of 60 of 500 rows (seed 0), in their order.\n")
    (finding,) = json.loads(figures.read_text())["findings"]
    assert finding.startswith("On the 440 rows outside the sample: RMSE ")
    assert f"• {finding}" in printed
    assert main([*command, "--threads", "1", "--quiet"]) == 0
    quiet = capsys.readouterr()
    assert quiet.out.startswith("y = 3*a*b\nHeld-out RMSE ")
    assert quiet.out.count("\n") == 2
    assert quiet.err == ""


def test_one_law_for_several_groups(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    random = np.random.default_rng(0)
    names, slopes = ["steel", "=copper()", "brass"] * 10, [2.0, 3.5, 5.0] * 10
    x, error = random.uniform(1, 5, 30), 0.02 + 0.02 * random.uniform(size=30)
    y = np.array(slopes) * x + error * random.standard_normal(30)
    table, out = tmp_path / "t.csv", tmp_path / "out"
    pd.DataFrame({"metal": names, "x": x, "y": y, "err": error}).to_csv(table, index=False)
    arguments = ["discover", str(table), "--target", "y", "--by", "metal", "--sigma", "err"]
    assert main([*arguments, "--quick", "--out", str(out), "--threads", "1"]) == 0
    printed = capsys.readouterr().out
    assert "y = a*x, by metal" in printed
    assert "against the stated errors, which explain the scatter" in printed
    about = json.loads((out / "result.json").read_text())["formula"]["by_group"]
    assert about["varying"] == ["a"]
    assert about["constants"]["steel"]["a"]["value"] == pytest.approx(2, abs=0.05)
    assert "=copper()" in (out / "formula.py").read_text()
    assert main([*arguments[:-1], "nothing"]) == 2
    assert "column of standard errors must be a column" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ("x1=furlong", "no unit 'furlong'"),
        ("z=m", "with a column among x1, x2, y, got 'z=m'"),
        ("x1", "needs COLUMN=UNIT"),
    ],
)
def test_units_that_belong_to_no_column_are_refused(
    bad: str, says: str, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    good().to_csv(tmp_path / "t.csv", index=False)
    assert main(["discover", str(tmp_path / "t.csv"), "--target", "y", "--units", bad]) == 2
    assert says in capsys.readouterr().err


@pytest.mark.parametrize("bad", ["x1=colour", "z=number", "x1"])
def test_kinds_that_belong_to_no_column_are_refused(
    bad: str, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    good().to_csv(tmp_path / "t.csv", index=False)
    assert main(["discover", str(tmp_path / "t.csv"), "--target", "y", "--column", bad]) == 2
    assert "with a column among x1, x2, y and one of number, " in capsys.readouterr().err


def table_of(**columns: object) -> str:
    return pd.DataFrame(columns).to_csv(index=False)


A, B = RANDOM.uniform(size=ROWS), RANDOM.uniform(size=ROWS)
BAD = {
    "missing file": (None, "no file"),
    "not a table": (b"\x89PNG\x0d\x0a\xff\xfe\x00", "not a text table"),
    "empty": (b"", "is empty"),
    "header only": (b"a,b,y\n", "no rows"),
    "one row": (b"a,b,y\n1,2,3\n", "at least 6"),
    "one column": (b"y\n1\n2\n", "at least two columns"),
    "text alone": (table_of(b=["red"] * ROWS, y=B).encode(), "at least one input column"),
    "all-NaN target": (table_of(a=A, b=B, y=[None] * ROWS).encode(), "has no values"),
    "infinite target": (table_of(a=A, b=B, y=[np.inf] * ROWS).encode(), "infinite"),
    "constant target": (table_of(a=A, b=B, y=[1.0] * ROWS).encode(), "must vary"),
    "constant input": (table_of(b=[2] * ROWS, y=B).encode(), "at least one input column"),
    "unknown target": (table_of(a=A, b=B, why=A).encode(), "there is no 'y'"),
    "ragged rows": (b"a,b,y\n1,2,3\n1,2\n", "row 3 has 2"),
}


@pytest.mark.parametrize("case", BAD, ids=lambda name: name)
def test_bad_tables_get_one_sentence(
    case: str, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    content, says = BAD[case]
    table = tmp_path / "t.csv"
    if content is not None:
        table.write_bytes(content)
    out, figures = tmp_path / "out", tmp_path / "f.json"
    code = main(
        ["discover", str(table), "--target", "y", "--out", str(out), "--json", str(figures)]
    )
    printed = capsys.readouterr()
    assert code == 2
    assert says in printed.err
    assert printed.err.startswith("workbench: ")
    assert printed.err.count("\n") == 1
    assert "Traceback" not in printed.err
    assert not out.exists()
    assert not figures.exists()


def test_a_copied_target_is_said(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    table = tmp_path / "t.csv"
    table.write_text(table_of(a=A, b=B, y=A))
    assert main(["discover", str(table), "--target", "y", "--quick", "--threads", "1"]) == 0
    assert "Warning: the target 'y' is a copy of the input 'a'" in capsys.readouterr().out


def test_the_folder_for_results_must_be_one(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    table = tmp_path / "t.csv"
    table.write_text(table_of(a=A, b=B, y=A * B))
    assert main(["discover", str(table), "--target", "y", "--out", str(table)]) == 2
    assert "results need a folder" in capsys.readouterr().err


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_an_interrupt_leaves_a_usable_result(tmp_path: Path) -> None:
    table, figures = tmp_path / "t.csv", tmp_path / "f.json"
    x = np.random.default_rng(3).uniform(-1, 1, (1500, 6))
    frame = pd.DataFrame(x, columns=list("abcdef"))
    noise = 0.1 * np.random.default_rng(4).standard_normal(1500)
    frame["y"] = np.sin(3 * x[:, 0] * x[:, 1]) + x[:, 2] ** 2 + noise
    frame.to_csv(table, index=False)
    command = [sys.executable, "-m", "workbench.cli", "discover", str(table), "--target", "y"]
    process = subprocess.Popen(
        [*command, "--json", str(figures), "--quick", "--threads", "1"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stderr is not None
    for line in process.stderr:
        if "training" in line:
            break
    time.sleep(1.0)
    process.send_signal(signal.SIGINT)
    printed, errors = process.communicate(timeout=120)
    assert process.returncode == 130, errors
    assert "Ended early" in printed
    about = json.loads(figures.read_text())
    assert about["complete"] is False
    assert about["formula"]["srepr"]
