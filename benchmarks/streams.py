"""Streams: small files a second, seconds from a drop to its rows, rows past a watermark a second."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from odibi_core.stream_manager import StreamConfig, StreamManager, StreamMode
from odibi_core.testing import ingest_step, store_step

ROWS_A_FILE = 10
_LIMIT_S = 60


def _files(folder: Path, numbers: range) -> None:
    landing = folder / "landing"
    landing.mkdir(exist_ok=True)
    for number in numbers:
        first = number * ROWS_A_FILE
        lines = [f"{row},{number}" for row in range(first, first + ROWS_A_FILE)]
        (landing / f"{number:06}.csv").write_text("\n".join(["id,n", *lines]) + "\n")


def _stream(folder: Path, mode: StreamMode, source: str, **config: Any) -> StreamManager:
    (folder / "odibi.toml").touch()
    return StreamManager(
        [ingest_step("rows", source), store_step("save", "out", "rows", mode="append", format="delta")],
        stream_mode=mode,
        stream_config=StreamConfig(source_path=source, **config),
        workspace=folder,
    )


def small_files(folder: Path, files: int) -> dict[str, float]:
    """How many files of ten rows a second are committed to a Delta table, each as a run of its own."""
    stream = _stream(folder, StreamMode.FILE_WATCH, "landing", settle_s=0)
    _files(folder, range(1))
    stream.run_once()
    _files(folder, range(1, files + 1))
    begun = time.perf_counter()
    assert stream.run_once() == files
    return {"files_a_second": files / (time.perf_counter() - begun)}


def drops(folder: Path, files: int) -> dict[str, float]:
    """Seconds from the drop of a file to its committed rows, one file after the other."""
    stream = _stream(folder, StreamMode.FILE_WATCH, "landing")
    _files(folder, range(1))
    stream.start_background()
    _until(lambda: stream.status().done == 1)
    took = []
    for number in range(1, files + 1):
        begun = time.perf_counter()
        _files(folder, range(number, number + 1))
        _until(lambda wanted=number + 1: stream.status().done == wanted)  # type: ignore[misc]
        took.append(time.perf_counter() - begun)
    stream.stop()
    return {"drop_median_s": statistics.median(took), "drop_p99_s": statistics.quantiles(took, n=100)[98]}


def watermark(folder: Path, rows: int) -> dict[str, float]:
    """How many rows past a watermark a second go from a Parquet file into a Delta table, in ten batches."""
    import duckdb

    duckdb.execute(
        "COPY (SELECT range AS id, TIMESTAMP '2026-01-01' + INTERVAL (range) SECOND AS at, "
        "range * 0.5 AS amount "
        f"FROM range({rows})) TO '{folder / 'source.parquet'}' (FORMAT parquet)"
    )
    stream = _stream(
        folder, StreamMode.INCREMENTAL, "source.parquet", watermark_column="at", batch_size=rows // 10
    )
    begun = time.perf_counter()
    assert stream.run_once() == 10
    return {"rows_a_second": rows / (time.perf_counter() - begun)}


def _until(look: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _LIMIT_S
    while not look():
        if time.monotonic() > deadline:
            raise TimeoutError("the stream did not commit in time")
        time.sleep(0.005)


CASES: dict[str, Callable[..., dict[str, float]]] = {
    "files": small_files,
    "drops": drops,
    "watermark": watermark,
}
