"""How closely a run is watched and how many threads its queries get, by the sizes of its sources."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from odibi_core.cores import usable_cores
from odibi_core.engines.operations import Scan
from odibi_core.formats.base import Options
from odibi_core.plan.model import Tracking
from odibi_core.plan.tracking import choose_tracking


@pytest.mark.parametrize(
    ("name", "megabytes", "cores", "threads"),
    [
        ("a.csv", 0, 16, 1),
        ("a.csv", 31, 16, 1),
        ("a.csv", 50, 16, 3),
        ("a.csv", 64, 16, 4),
        ("a.parquet", 16, 16, 4),
        ("a.csv", 64, 4, 2),
        ("a.csv", 64, 2, 1),
        ("a.csv", 64, 1, 1),
        ("a.csv", 65, 16, None),
        ("a.parquet", 17, 16, None),
    ],
)
def test_small_sources_get_few_threads_and_large_ones_all(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    megabytes: int,
    cores: int,
    threads: int | None,
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(cores)))
    with (tmp_path / name).open("wb") as file:
        file.truncate(megabytes << 20)
    scans = [Scan(name, name.partition(".")[2], Options())]
    for wanted in (Tracking.AUTO, Tracking.FUSED):
        assert choose_tracking(wanted, scans, lambda scan: tmp_path / scan.source).threads == threads


def test_what_a_server_holds_is_not_known(tmp_path: Path) -> None:
    choice = choose_tracking(
        Tracking.AUTO,
        [Scan("orders", "postgresql", Options(), server="postgresql://warehouse/sales")],
        lambda scan: tmp_path / scan.source,
    )
    assert (choice.tracking, choice.threads) == (Tracking.FUSED, None)


@pytest.mark.parametrize(("counted", "cores"), [(6, 6), (None, 1)])
def test_where_the_system_tells_no_cores_of_a_process_all_are_counted(
    monkeypatch: pytest.MonkeyPatch, counted: int | None, cores: int
) -> None:
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: counted)
    assert usable_cores() == cores
