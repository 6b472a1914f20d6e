"""``workbench.toml``: options in place of the defaults."""

import argparse
from pathlib import Path

import pytest

from tests.cli.tables import good
from workbench.cli import main
from workbench.cli.entry import _options
from workbench.errors import InputError


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def chosen(text: str, *arguments: str) -> argparse.Namespace:
    Path("workbench.toml").write_text(text)
    return _options([*arguments])


def test_a_file_replaces_the_defaults(capsys: pytest.CaptureFixture) -> None:
    text = (
        'seed = 3\nquiet = true\nlanguage = ["c"]\n'
        '[discover]\ntarget = "y"\nunits = ["v=m/s"]\nseconds = 60\nquick = true\nseed = 4\n'
        '[look]\ntarget = "z"\n'
    )
    options = chosen(text, "discover", "t.csv")
    assert (options.target, options.units, options.seconds) == ("y", ["v=m/s"], 60.0)
    assert (options.quick, options.seed, options.detail) == (True, 4, "quiet")
    told = capsys.readouterr().err
    assert told.startswith("From 'workbench.toml', unless the command line says otherwise: ")
    assert "seed = 4, quiet = True, target = 'y'" in told
    assert chosen(text, "look", "t.csv").target == "z"
    assert chosen(text, "export", "results").language == ["c"]


def test_the_command_line_wins() -> None:
    text = 'quiet = true\n[discover]\ntarget = "y"\ndrop = ["a"]\nquick = true\n[export]\nlanguage = ["c"]'
    command = ["discover", "t.csv", "--target", "z", "--drop", "b", "--drop", "c", "--no-quick"]
    options = chosen(text, *command, "--verbose")
    assert (options.target, options.drop, options.quick) == ("z", ["b", "c"], False)
    assert options.detail == "verbose"
    assert chosen(text, "export", "results", "--language", "r").language == ["r"]


def test_a_file_that_is_named(capsys: pytest.CaptureFixture) -> None:
    Path("other.toml").write_text('[discover]\ncluster = "tcp://host:1"\nsplit = "ordered"\n')
    for arguments in (
        ["--config", "other.toml", "discover", "t.csv", "--target", "y"],
        ["discover", "--config=other.toml", "t.csv", "--target", "y"],
    ):
        options = _options(arguments)
        assert (options.cluster, options.split) == ("tcp://host:1", "ordered")
    with pytest.raises(InputError, match="--config must be written in full"):
        _options(["discover", "t.csv", "--target", "y", "--conf", "other.toml"])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("sead = 1", "'sead' in 'workbench.toml' is no option of any command"),
        ("[look]\nquick = true", "'quick' in 'workbench.toml' [look] is no option of look"),
        ("[discover]\nconfig = 'x'", "'config' in 'workbench.toml' [discover] is no option"),
        ("[discover]\nhelp = true", "'help' in 'workbench.toml' [discover] is no option"),
        ("[discover]\nno-quick = true", "'no-quick' in 'workbench.toml' [discover] is no option"),
        ("[discover]\nfile = 'x'", "'file' in 'workbench.toml' [discover] is no option"),
        ("[dicsover]\nseed = 1", "[dicsover] in 'workbench.toml' is no command: there are lab, "),
        ("seed = 1.5", "'seed' in 'workbench.toml' must be a whole number, got 1.5"),
        ("seed = true", "must be a whole number, got True"),
        ("seconds = '9'", "must be a number, got '9'"),
        ("quick = 1", "must be true or false, got 1"),
        ("drop = 'a'", "must be a list of texts in quotation marks, got 'a'"),
        ("drop = []", "must be a list of texts in quotation marks, got []"),
        ("out = 1979-05-27", "must be text in quotation marks, got datetime.date"),
        ("split = 'any'", "must be one of random, ordered, got 'any'"),
        ("seed = ", "'workbench.toml' is not TOML: "),
        ("a = " + "[" * 50_000, "'workbench.toml' is not TOML: "),
        ("x = '" + "x" * 200_000 + "'", "is too long"),
        ("[discover]\ncluster = 'tcp://x:1'", "sends the table to another machine"),
        ("cluster = 'tcp://x:1'", "sends the table to another machine"),
    ],
)
def test_what_is_no_option_is_refused(text: str, says: str, capsys: pytest.CaptureFixture) -> None:
    Path("workbench.toml").write_text(text)
    assert main(["look", "t.csv"]) == 2
    told = capsys.readouterr().err
    assert says in told
    assert told.startswith("workbench: ")
    assert told.count("\n") == 1


def test_a_missing_file_is_refused(capsys: pytest.CaptureFixture) -> None:
    assert main(["look", "t.csv", "--config", "no.toml"]) == 2
    assert "the options in 'no.toml' cannot be read" in capsys.readouterr().err


def test_help_and_completion_read_no_file(capsys: pytest.CaptureFixture) -> None:
    Path("workbench.toml").write_text("sead = 1")
    assert main(["completion", "bash"]) == 0
    with pytest.raises(SystemExit, match="0"):
        main(["discover", "-h"])


def test_a_table_is_looked_at_as_the_file_says(capsys: pytest.CaptureFixture) -> None:
    good().to_csv("t.csv", index=False)
    Path("workbench.toml").write_text('[look]\ntarget = "y"\nrows = 50\n')
    assert main(["look", "t.csv"]) == 0
    printed = capsys.readouterr()
    assert "Regression of 'y' on 50 rows." in printed.out
    assert "target = 'y', rows = 50" in printed.err
