"""Scratch folders: those of dead processes go, those of living ones stay."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from odibi_core.engines.scratch import Scratch

DIE = """
import os, sys
from pathlib import Path
from odibi_core.engines.scratch import Scratch
(Scratch(Path(sys.argv[1]), "run").path / "rows.tmp").touch()
os._exit(9)
"""


def test_what_a_dead_process_left_is_swept_and_a_living_one_keeps_its_own(tmp_path: Path) -> None:
    living = Scratch(tmp_path, "run")
    subprocess.run([sys.executable, "-c", DIE, str(tmp_path)], check=False)
    assert len(list(tmp_path.iterdir())) == 2
    newest = Scratch(tmp_path, "run")
    assert set(tmp_path.iterdir()) == {living.path, newest.path}
    living.close()
    living.close()
    assert list(tmp_path.iterdir()) == [newest.path]
    newest.close()
