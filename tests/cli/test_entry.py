"""What holds for every command: mistakes, help, signals, pipes."""

import subprocess
import sys
from pathlib import Path

import pytest

from workbench.cli import main
from workbench.cli.entry import parser

COMMANDS = (
    "lab",
    "run",
    "discover",
    "dynamics",
    "look",
    "predict",
    "show",
    "export",
    "data",
    "completion",
)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["run", "nots"], "a study must be one of knots, localization"),
        (["run", "knots", "--json", "/no/such/folder/x.json"], "needs a folder"),
        (["data", "knots", "--crossings", "99"], "between 3 and 14"),
        (["lab", "--study", "nots"], "a study must be one of"),
    ],
)
def test_other_mistakes(
    arguments: list[str], says: str, capsys: pytest.CaptureFixture, tmp_path: Path
) -> None:
    if arguments[0] == "data":
        arguments = [*arguments, "--out", str(tmp_path / "k.parquet")]
    assert main(arguments) == 2
    assert says in capsys.readouterr().err


def test_a_signal_after_the_answer_does_not_change_it() -> None:
    program = (
        "import os, signal, sys; from workbench.cli import main; code = main(); "
        "os.kill(os.getpid(), signal.SIGINT); os.kill(os.getpid(), signal.SIGTERM); sys.exit(code)"
    )
    command = [sys.executable, "-c", program, "discover", "no.csv", "--target", "y"]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 2


@pytest.mark.parametrize("command", COMMANDS)
def test_help_ends_with_examples(command: str, capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit, match="0"):
        main([command, "--help"])
    _, examples = capsys.readouterr().out.split("examples:\n")
    calls = [line.strip() for line in examples.splitlines()]
    assert all(f"workbench {command} " in f"{call} " for call in calls)
    for call in calls:  # each of them can be typed
        words = call.split("workbench ")[-1].split(" > ")[0].split(" | ")[0].split()
        assert parser().parse_args(words).command


def test_whoever_stops_reading_gets_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b\n" + "1,2\n" * 30)
    program = (
        "import os, sys; from workbench.cli import main; read, write = os.pipe(); os.close(read); "
        "os.dup2(write, 1); sys.exit(main())"
    )
    command = [sys.executable, "-c", program, "look", str(tmp_path / "t.csv")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "")
