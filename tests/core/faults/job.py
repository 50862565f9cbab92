"""A pipeline that appends to, merges into and overwrites targets of every kind, and what these hold."""

from __future__ import annotations

import random
import sqlite3
import time
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow.parquet as pq
from deltalake import DeltaTable

from odibi_core.checkpoint_manager import CheckpointManager, CheckpointMode
from odibi_core.event_bus import EventBus
from odibi_core.orchestrator import Orchestrator
from odibi_core.run_result import RunResult
from odibi_core.step import Step
from odibi_core.testing import function_step, ingest_step, sql_step, store_step

PIPELINE = "nightly"
KINDS = ("parquet", "delta", "sqlite")
MODES = ("append", "merge", "overwrite")
ROWS = 3_000
PAUSE_S = 0.02

Outputs = dict[str, list[tuple[Any, ...]]]


def scored(clean: pd.DataFrame) -> pd.DataFrame:
    """A step that no query can do, and that takes a moment."""
    time.sleep(PAUSE_S)
    return clean.assign(score=clean["amount"] * 3 + 1)


def ranked(score: pd.DataFrame) -> pd.DataFrame:
    """Another one."""
    time.sleep(PAUSE_S)
    return score.sort_values(["score", "id"], ascending=False).head(1_000)


def make_sources(folder: Path) -> None:
    """Write the files of two days, which have half of their keys in common, and the mark of a workspace."""
    folder.mkdir(parents=True)
    (folder / "odibi.toml").touch()
    for day in (1, 2):
        rows = (
            f"SELECT range + {day * ROWS // 2} AS id, 'c' || (range * 7 % 41) AS customer, "
            f"((range * 13 + {day}) % 997)::INTEGER AS amount, {day} AS day FROM range({ROWS})"
        )
        duckdb.execute(f"COPY ({rows}) TO '{folder}/day-{day}.csv'")


def steps(day: int) -> list[Step]:
    """Nine targets in three layers: a kind of file and a mode each."""
    return [
        ingest_step("raw", f"day-{day}.csv"),
        sql_step("clean", "SELECT * FROM raw WHERE amount % 7 <> 0", "raw", layer="bronze"),
        *stores("append", "clean", "bronze"),
        function_step("score", scored, "clean", layer="silver"),
        *stores("merge", "score", "silver"),
        sql_step(
            "totals",
            "SELECT customer, count(*) AS orders, sum(score)::BIGINT AS score FROM score "
            "GROUP BY ALL ORDER BY customer",
            "score",
            layer="gold",
        ),
        function_step("best", ranked, "score", layer="gold"),
        sql_step(
            "report",
            "SELECT b.id, b.customer, b.score, t.orders FROM best b JOIN totals t USING (customer) "
            "ORDER BY b.id",
            "best",
            "totals",
            layer="gold",
        ),
        *stores("overwrite", "report", "gold"),
    ]


def stores(mode: str, dataset: str, layer: str) -> list[Step]:
    """A step for each kind of target."""
    more: dict[str, Any] = {"merge_key": "id"} if mode == "merge" else {}
    return [
        store_step(
            f"{mode}_{kind}",
            str(path(Path(), mode, kind)),
            dataset,
            layer=layer,
            format=kind,
            mode=mode,
            **more,
            **({"table": "rows"} if kind == "sqlite" else {}),
        )
        for kind in KINDS
    ]


def path(folder: Path, mode: str, kind: str) -> Path:
    """Where a target is."""
    return folder / "out" / (mode if kind == "delta" else f"{mode}.{kind}")


def outputs(folder: Path) -> Outputs:
    """The rows of every target as they lie there; those of Delta, which has no order, sorted."""
    found: Outputs = {}
    for mode in MODES:
        rows = pq.read_table(path(folder, mode, "parquet")).to_pylist()
        found[f"{mode} parquet"] = [tuple(row.values()) for row in rows]
        rows = DeltaTable(path(folder, mode, "delta")).to_pyarrow_table().to_pylist()
        found[f"{mode} delta"] = sorted(tuple(row.values()) for row in rows)
        with sqlite3.connect(path(folder, mode, "sqlite")) as database:
            found[f"{mode} sqlite"] = database.execute("SELECT * FROM rows").fetchall()
        database.close()
    return found


def is_complete(folder: Path, before: str) -> bool:
    """Whether a later run than `before` has done all of its work."""
    last = CheckpointManager(folder / "checkpoints").last_run(PIPELINE)
    return last is not None and last.is_complete and last.run_id != before


def run(folder: Path, day: int, mode: str, seed: int, *, resumes: bool = False) -> RunResult:
    """Run the pipeline over the file of a day; `seed` decides how."""
    chance = random.Random(seed)
    bus = EventBus()
    front = Orchestrator(
        steps(day),
        pipeline_name=PIPELINE,
        workspace=folder,
        tracking=chance.choice(["exact", "fused"]),
        distributed=chance.choice([True, False]),
        distributed_max_workers=2,
        keeps_data=chance.choice([True, False]),
        threads=1,
        enable_checkpoints=True,
        checkpoint_mode=CheckpointMode(mode),
        resume_from_checkpoint=resumes,
        event_bus=bus,
    )

    def ask(event: dict[str, Any]) -> None:
        if event["event_type"] == "node_complete" and chance.random() < 0.4:
            front.save_checkpoint()

    if mode == CheckpointMode.MANUAL:
        bus.subscribe(ask)
    return front.execute()
