"""A workspace to command in, and the real command in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from odibi_core.cli.app import run_command

ODIBI = str(Path(sys.executable).with_name("odibi"))

PIPELINE = """\
name: shop
steps:
  - name: read
    layer: bronze
    type: config_op
    value: data/orders.csv
    outputs: {data: orders}
  - name: large
    layer: silver
    type: sql
    value: SELECT * FROM orders WHERE amount > 10
    inputs: {orders: orders}
    outputs: {data: large}
  - name: save
    layer: store
    type: config_op
    value: out/large.csv
    inputs: {data: large}
  - name: total
    layer: gold
    type: sql
    value: SELECT sum(amount) AS total FROM large
    inputs: {large: large}
    outputs: {data: total}
"""


@dataclass(frozen=True)
class Answer:
    """What a command answered."""

    code: int
    out: str
    err: str


def environment(**more: str) -> dict[str, str]:
    """The variables of a process that runs the command: nothing of this terminal or this CI."""
    kept = {name: value for name, value in os.environ.items() if name not in ("CI", "NO_COLOR", "TERM")}
    return {**kept, "TERM": "xterm", **more}


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The current folder: a workspace with one pipeline, `shop`."""
    root = tmp_path / "shop"
    for folder in ("pipelines", "data"):
        (root / folder).mkdir(parents=True)
    (root / "odibi.toml").write_text('name = "shop"\n')
    (root / "pipelines" / "shop.yaml").write_text(PIPELINE)
    (root / "data" / "orders.csv").write_text("id,amount\n1,5\n2,20\n3,30\n")
    monkeypatch.chdir(root)
    path = list(sys.path)
    yield root
    sys.path[:] = path


@pytest.fixture
def odibi(shop: Path, capfd: pytest.CaptureFixture[str]) -> Callable[..., Answer]:
    """Runs a command in this process."""

    def run(*args: str) -> Answer:
        capfd.readouterr()
        code = run_command(args)
        captured = capfd.readouterr()
        return Answer(code, captured.out, captured.err)

    return run


@pytest.fixture
def process(shop: Path) -> Callable[..., Answer]:
    """Runs the installed command in a process of its own."""

    def run(*args: str, **variables: str) -> Answer:
        done = subprocess.run(
            [ODIBI, *args], env=environment(**variables), capture_output=True, text=True, check=False
        )
        return Answer(done.returncode, done.stdout, done.stderr)

    return run
