"""Jars that Spark does without, and clusters often have: fetched by Maven, once."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from tests.waiting import wait_until

from odibi_core.file_lock import FileLock

_HERE = Path(__file__).with_name("jars")
_WITHIN_S = 300


def spark_jars() -> dict[str, Path]:
    """Delta, the reader of Avro and PostgreSQL's driver, with what they need: name of the file → file."""
    folder = _HERE / "fetched"
    folder.mkdir(exist_ok=True)
    lock = FileLock(folder / ".odibi.lock")
    wait_until(lock.take, timeout_s=_WITHIN_S)
    try:
        done = folder / ".complete"
        wanted = (_HERE / "pom.xml").read_text()
        if not done.exists() or done.read_text() != wanted:
            _fetch(folder)
            done.write_text(wanted)
    finally:
        lock.release()
    return {jar.name: jar for jar in sorted(folder.glob("*.jar"))}


def _fetch(folder: Path) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise FileNotFoundError("mvn is not installed: make setup")
    for jar in folder.glob("*.jar"):
        jar.unlink()
    command = [maven, "--batch-mode", "--quiet", "--file", str(_HERE / "pom.xml")]
    command += ["dependency:copy-dependencies", f"-DoutputDirectory={folder}", "-DexcludeTransitive=true"]
    fetched = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_WITHIN_S)
    assert fetched.returncode == 0, fetched.stdout + fetched.stderr
