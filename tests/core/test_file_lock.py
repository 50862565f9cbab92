"""A lock that a process holds while it lives."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from odibi_core.file_lock import FileLock

HOLD = """
import sys
from pathlib import Path
from odibi_core.file_lock import FileLock
lock = FileLock(Path(sys.argv[1]))
print(lock.take(), flush=True)
sys.stdin.read()
"""


def test_others_see_that_a_lock_is_taken_until_its_process_is_gone(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    lock = FileLock(path)
    assert not lock.is_taken
    command = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"True\n"
        assert lock.is_taken
        assert not lock.take()
        holder.kill()
        holder.wait()
    assert not lock.is_taken
    assert lock.take()
    assert lock.is_taken
    lock.release()
    assert not lock.is_taken
