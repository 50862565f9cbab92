"""What a run's process and its children take of the machine: each measured in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

ALONE = """
import json, sys
from odibi_core.journal.vitals import Vitals
vitals = Vitals()
while not vitals.measure().cpu_percent:
    pass
measured, has_loaded = vitals.measure(), "psutil" in sys.modules
import psutil
told_mb = psutil.Process().memory_info().rss / 2**20
print(json.dumps([measured.memory_mb, has_loaded, told_mb]))
"""
WITH_A_CHILD = """
import json, subprocess, sys
from odibi_core.journal.vitals import Vitals
BUSY = '''
import time
held = bytearray(64 << 20)
while time.process_time() < 0.3:
    pass
print("busy", flush=True)
input()
'''
vitals = Vitals()
taken = [vitals.measure()]
with subprocess.Popen([sys.executable, "-c", BUSY], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
    child.stdout.readline()
    taken.append(vitals.measure())
    child.communicate(b"\\n")
taken.append(vitals.measure())
print(json.dumps([[each.memory_mb, each.cpu_percent] for each in taken]))
"""


def test_of_a_process_without_children_no_library_is_loaded_to_tell_what_it_takes() -> None:
    memory_mb, has_loaded, told_mb = _printed(ALONE)
    assert has_loaded == (sys.platform != "linux")
    # psutil itself is a part of what it tells.
    assert told_mb - 10 < memory_mb < told_mb + 1


def test_children_count_while_they_are_there() -> None:
    (before_mb, _), (during_mb, percent), (after_mb, _) = _printed(WITH_A_CHILD)
    assert during_mb > before_mb + 60
    assert percent > 0
    assert after_mb < during_mb - 60


def _printed(program: str) -> Any:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
