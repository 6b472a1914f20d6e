"""``completion``: scripts that shells can read."""

import shutil
import subprocess
from pathlib import Path

import pytest

from workbench.cli import main


@pytest.mark.parametrize("shell", ["bash", "zsh", "tcsh"])
def test_a_script_for_every_shell(
    shell: str, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    assert main(["completion", shell]) == 0
    script = tmp_path / "script"
    script.write_text(capsys.readouterr().out)
    for name in ("discover", "resamples", "completion"):
        assert name in script.read_text()
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"no {shell} here")
    assert subprocess.run([program, "-n", script], check=False).returncode == 0


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash here")
@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["dis"], {"discover"}),
        (["discover", "--spl"], {"--split"}),
        (["discover", "t.csv", "--split", "or"], {"ordered"}),
        (["discover", "ta"], {"table.csv"}),
        (["show", "re"], {"results"}),
        (["completion", "z"], {"zsh"}),
    ],
)
def test_bash_completes(
    words: list[str], found: set[str], tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    main(["completion", "bash"])
    (tmp_path / "table.csv").touch()
    (tmp_path / "results").mkdir()
    typed = " ".join(["workbench", *words])
    ask = (
        f'COMP_WORDS=({typed}); COMP_CWORD={len(words)}; _shtab_workbench; echo "${{COMPREPLY[@]}}"'
    )
    program = f"{capsys.readouterr().out}\n{ask}"
    command = ["bash", "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert {word.rstrip("/ ") for word in done.stdout.split()} == found, done.stderr
