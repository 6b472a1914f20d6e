"""Worker processes end with the work, and with the process that asked for it."""

import os
import subprocess
import sys
import time

import pytest

from workbench.common.workers import workers

ORPHANED = """
import os, time
from workbench.common.workers import workers
if __name__ == "__main__":
    with workers(1) as pool:
        print(pool.submit(os.getpid).result(), flush=True)
        pool.submit(time.sleep, 600)
        os.kill(os.getpid(), 9)
"""


def alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def gone(process: int) -> bool:
    for _ in range(600):
        if not alive(process):
            return True
        time.sleep(0.05)
    return False


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_workers_do_not_outlive_the_block() -> None:
    with workers(1) as pool:
        worker = pool.submit(os.getpid).result()
        pool.submit(time.sleep, 600)
    assert gone(worker)


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_workers_do_not_outlive_a_process_that_is_killed(tmp_path) -> None:
    script = tmp_path / "script.py"
    script.write_text(ORPHANED)
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, check=False
    )
    assert done.returncode == -9
    assert gone(int(done.stdout))
