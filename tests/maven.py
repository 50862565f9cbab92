"""Jars that tests need, fetched by Maven, once."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from tests.waiting import wait_until

from odibi_core.file_lock import FileLock

_WITHIN_S = 300
# Quick to start rather than quick to run.
_LEAN = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"


def fetched_jars(home: Path, *options: str) -> Path:
    """The folder with the jars that a folder's pom.xml names.

    Args:
        home: The folder.
        options: What Maven is told beside that.
    """
    folder = home / "fetched"
    folder.mkdir(exist_ok=True)
    lock = FileLock(folder / ".odibi.lock")
    wait_until(lock.take, timeout_s=_WITHIN_S)
    try:
        done = folder / ".complete"
        wanted = (home / "pom.xml").read_text()
        if not done.exists() or done.read_text() != wanted:
            _fetch(home, folder, options)
            done.write_text(wanted)
    finally:
        lock.release()
    return folder


def _fetch(home: Path, folder: Path, options: tuple[str, ...]) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise FileNotFoundError("mvn is not installed: make setup")
    for jar in folder.glob("*.jar"):
        jar.unlink()
    command = [maven, "--batch-mode", "--quiet", "--file", str(home / "pom.xml")]
    command += ["dependency:copy-dependencies", f"-DoutputDirectory={folder}", *options]
    fetched = subprocess.run(
        command,
        env={**os.environ, "MAVEN_OPTS": f"{_LEAN} {os.environ.get('MAVEN_OPTS', '')}"},
        capture_output=True,
        text=True,
        check=False,
        timeout=_WITHIN_S,
    )
    assert fetched.returncode == 0, fetched.stdout + fetched.stderr
