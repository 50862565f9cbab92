"""The benchmarks run, at a size that says nothing about speed."""

import json
from pathlib import Path

import duckdb
import pytest
from benchmarks import cloud, crossover, databases, overhead, pipelines
from benchmarks.__main__ import main
from benchmarks.groups import WAITS_FIGURES
from benchmarks.measure import run_python

BY_HAND = ("DuckDB by hand", "Polars by hand", "pandas by hand")


def test_a_group_prints_a_table_and_writes_its_figures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["startup", "--runs", "1", "--results", str(tmp_path)])
    said = capsys.readouterr().out
    assert "### Start-up" in said
    assert "| import odibi_core |" in said
    kept = json.loads((tmp_path / "startup.json").read_text())
    assert kept["surroundings"]["duckdb"] == duckdb.__version__
    assert [row["command"] for row in kept["tables"][0]["rows"]] == list(kept["measured"])
    assert kept["measured"]["odibi --help"][0]["cpu_s"] > 0


@pytest.mark.parametrize("keeps", ["nothing", "cache", "layer", "auto"])
def test_a_run_that_keeps_something_is_timed(
    keeps: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    pipelines.make_data(tmp_path, 300, ("sales", "customers"))
    figures = pipelines.CASES["kept"](tmp_path, "medallion", "csv", keeps)
    assert set(figures) == {"first_cpu_s", "second_cpu_s"}
    assert (tmp_path / "out" / "gold.parquet").exists()


@pytest.mark.parametrize("case", list(databases.CASES))
def test_rows_in_and_out_of_a_database_are_timed(case: str, tmp_path: Path) -> None:
    (tmp_path / "odibi.toml").touch()
    assert databases.CASES[case](tmp_path, rows=1_000)["wall_s"] > 0


def test_the_figures_of_both_engines_are_drawn(tmp_path: Path) -> None:
    rows = [{"rows": "1,000,000", "DuckDB s": 0.5, "Spark s": 4.0, "ratio": 8.0},
            {"rows": "100,000,000", "DuckDB s": 50.0, "Spark s": 40.0, "ratio": 0.8}]  # fmt: skip
    figures = {
        "tables": [{"title": "Tracking on Spark", "rows": []}, {"title": crossover.TITLE, "rows": rows}],
        "measured": {"start": [{"inside": {"run_wall_s": 10.0}}]},
    }
    drawn = {(point["engine"], point["rows"]): point["s"] for point in crossover.points(figures)}
    assert drawn["DuckDB", 1_000_000] == 0.5
    assert drawn["Spark, with its start", 100_000_000] == 50.0
    crossover.draw(figures, tmp_path / "crossover.png")
    assert (tmp_path / "crossover.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.xdist_group("object_stores")
@pytest.mark.parametrize("case", list(cloud.CASES))
def test_parquet_to_and_from_an_object_store_is_timed(case: str, tmp_path: Path) -> None:
    (tmp_path / "odibi.toml").touch()
    assert cloud.CASES[case](tmp_path, rows=1_000)["wall_s"] > 0


def test_an_unknown_group_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["overhaed"])
    assert "the groups are overhead, startup, pipelines" in capsys.readouterr().err


@pytest.mark.parametrize("shape", ["chain", "fan-out"])
@pytest.mark.parametrize("tracking", ["exact", "fused"])
@pytest.mark.parametrize("kind", ["sql steps", "python steps"])
def test_trivial_steps_run_and_are_timed(kind: str, tracking: str, shape: str, tmp_path: Path) -> None:
    figures = overhead.CASES[kind](tmp_path, steps=4, shape=shape, tracking=tracking)
    assert set(figures) == {"run_cpu_s", "run_wall_s"}


@pytest.mark.parametrize("kind", ["csv", "parquet"])
@pytest.mark.parametrize(("pipeline", "output"), [("sales", "sales"), ("medallion", "silver")])
def test_every_way_to_write_a_pipeline_gives_the_same_rows(
    pipeline: str, output: str, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    pipelines.make_data(tmp_path, 300, ("sales", "customers"))

    def rows() -> list[tuple[object, ...]]:
        # Of equally old customers of one id, any may be kept.
        columns = "customer_id, age" if output == "silver" else "* REPLACE (sold_on::DATE AS sold_on)"
        query = f"SELECT {columns} FROM 'out/{output}.parquet' ORDER BY ALL"
        return duckdb.execute(query).fetchall()

    pipelines.odibi(tmp_path, pipeline, kind, "fused")
    ours = rows()
    assert ours
    for name in BY_HAND:
        pipelines.CASES[name](tmp_path, pipeline, kind)
        assert rows() == ours, name


@pytest.mark.browser
def test_the_canvas_is_measured_in_a_browser(tmp_path: Path) -> None:
    # In a process of its own: Playwright allows one browser's connection a process.
    arguments = ["-m", "benchmarks.case", "canvas", "canvas", json.dumps({"steps": 12, "zoom": "all"})]
    figures = run_python(arguments, tmp_path).inside
    assert figures["rendered"] == 12
    assert all(value > 0 for value in figures.values())


@pytest.mark.browser
def test_waits_are_measured_in_a_browser(tmp_path: Path) -> None:
    arguments = ["-m", "benchmarks.case", "waits", "waits", json.dumps({"steps": 20})]
    figures = run_python(arguments, tmp_path).inside
    assert set(figures) == set(WAITS_FIGURES)
    assert all(value > 0 for value in figures.values())


def test_a_run_that_is_watched_is_measured(tmp_path: Path) -> None:
    arguments = json.dumps({"steps": 5, "events": 40, "browsers": 2, "watch_s": 3})
    figures = run_python(["-m", "benchmarks.case", "live", "live", arguments], tmp_path).inside
    assert set(figures) == {"tick_cpu_ms", "ticks_a_second", "gap_median_s", "gap_p95_s"}
    assert all(value > 0 for value in figures.values())
