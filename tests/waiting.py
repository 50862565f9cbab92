"""A pipeline whose first step waits for a file, so that a test decides how long a run takes."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pyarrow.parquet as pq

T = TypeVar("T")

FUNCTIONS = """\
import time
from pathlib import Path

GO = Path(__file__).with_name("go")


def wait(orders):
    while not GO.exists():
        time.sleep(0.02)
    return orders


def fail(orders):
    raise ValueError("no such month")
"""

PIPELINE = """\
name: {name}
settings: {{tracking: exact}}
parameters:
  smallest: {{type: integer, default: 10}}
steps:
  - name: read
    layer: bronze
    type: config_op
    value: data/orders.csv
    outputs: {{data: orders}}
  - name: hold
    layer: silver
    type: function
    value: transforms.{function}
    inputs: {{orders: orders}}
    outputs: {{data: held}}
  - name: large
    layer: gold
    type: sql
    value: SELECT * FROM held WHERE amount > {{smallest}}
    inputs: {{held: held}}
    outputs: {{data: large}}
"""


def make_waiting_workspace(root: Path, names: tuple[str, ...] = ("waiting",), *, at_once: int = 2) -> None:
    """Fill a workspace with pipelines of three steps, whose second one waits for `let_go`."""
    (root / "odibi.toml").write_text(f"[runs]\nat_once = {at_once}\n")
    (root / "transforms.py").write_text(FUNCTIONS)
    for folder in ("data", "pipelines"):
        (root / folder).mkdir(exist_ok=True)
    (root / "data" / "orders.csv").write_text("id,amount\n1,5\n2,20\n3,30\n")
    for name in names:
        (root / "pipelines" / f"{name}.yaml").write_text(pipeline_text(name))


def pipeline_text(name: str, function: str = "wait") -> str:
    """The YAML of such a pipeline."""
    return PIPELINE.format(name=name, function=function)


def let_go(root: Path) -> None:
    """Let every step go on that waits."""
    (root / "go").touch()


def values_in(path: Path, column: str = "id") -> list[Any]:
    """The sorted values of a column of a Parquet file that others may replace; none where it is not."""
    try:
        # pyarrow would open the path twice, and might meet another file then.
        content = path.read_bytes()
    except FileNotFoundError:
        return []
    return sorted(pq.read_table(io.BytesIO(content))[column].to_pylist())


def wait_until(look: Callable[[], T], *, timeout_s: float = 60) -> T:
    """What `look` gives, as soon as it is true.

    Raises:
        TimeoutError: It did not become true.
    """
    deadline = time.monotonic() + timeout_s
    while not (found := look()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"it did not come about within {timeout_s} s")
        time.sleep(0.02)
    return found
