"""A process that runs a stream in forked children, each of which is killed at a chosen moment.

Started as a script; takes one JSON order a line, and answers each with the child's fate.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from tests.core.faults.killer import LOADED, fate
from tests.core.formats.crasher import die_at_point

from odibi_core.step import Step
from odibi_core.stream_manager import StreamConfig, StreamManager, StreamMode
from odibi_core.testing import ingest_step, store_step
from odibi_core.workspace import Workspace

LANDING, SOURCE = "landing", "source.parquet"
MORE = ("watchfiles", "odibi_core.formats.duckdb", "odibi_core.formats.json", "pyarrow.parquet")


def steps(source: str) -> list[Step]:
    """Reads the source, and appends it to every kind of target."""
    return [
        ingest_step("rows", source),
        store_step("file", "out/file.parquet", "rows", mode="append"),
        store_step("folder", "out/folder", "rows", mode="append", format="parquet"),
        store_step("delta", "out/delta", "rows", mode="append", format="delta"),
        store_step("sqlite", "out/rows.sqlite", "rows", mode="append", format="sqlite", table="rows"),
        store_step("duckdb", "out/rows.duckdb", "rows", mode="append", format="duckdb", table="rows"),
    ]


def manager(folder: Path, mode: str, batch_size: int | None) -> StreamManager:
    """The stream of a case."""
    is_files = mode == StreamMode.FILE_WATCH
    config = StreamConfig(
        source_path=LANDING if is_files else SOURCE,
        file_pattern="*.csv",
        batch_size=batch_size,
        watermark_column=None if is_files else "at",
        settle_s=0,
    )
    return StreamManager(
        steps(LANDING if is_files else SOURCE),
        stream_mode=mode,
        stream_config=config,
        workspace=Workspace.find(folder),
    )


def carry_out(order: dict[str, Any]) -> int:
    """Take what is there, and die on the way where that is a matter of the disk."""
    if order.get("point"):
        die_at_point(order["point"])
    manager(Path(order["folder"]), order["mode"], order["batch_size"]).run_once()
    return 0


def main() -> None:
    for module in (*LOADED, *MORE):
        importlib.import_module(module)
    for line in sys.stdin:
        order = json.loads(line)
        begun = time.monotonic()
        child = os.fork()
        if child == 0:
            code = 1
            try:
                code = carry_out(order)
            except BaseException as error:  # noqa: BLE001 - a child must never go on as its parent
                sys.stderr.write(f"{error!r}\n")
            sys.stderr.flush()
            os._exit(code)
        code = fate(child, order.get("delay_s", 0.0))
        print(json.dumps({"code": code, "took_s": time.monotonic() - begun}), flush=True)


if __name__ == "__main__":
    main()
