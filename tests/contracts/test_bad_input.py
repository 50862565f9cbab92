"""Bad input gets an error that says what, where and how to mend it, and nothing is lost or half-written."""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from tests.conftest import Run

from odibi_core.errors import OdibiError, PipelineInvalidError
from odibi_core.orchestrator import Orchestrator
from odibi_core.run_result import RunResult
from odibi_core.step import Step
from odibi_core.testing import ingest_step, sql_step, store_step
from odibi_core.workspace import Workspace

MakeFile = Callable[[str, str | bytes], Path]

TRACKING = pytest.mark.parametrize("tracking", ["exact", "fused"])


def through(source: str, target: str = "out/rows.parquet", **params: Any) -> list[Step]:
    return [
        ingest_step("rows", source, **params),
        sql_step("same", "SELECT * FROM rows", "rows"),
        store_step("saved", target, "same"),
    ]


def only_error(result: RunResult) -> OdibiError:
    assert not result.success
    (error,) = result.errors.values()
    return error


def problems(workspace: Workspace, steps: list[Step]) -> str:
    with pytest.raises(PipelineInvalidError) as caught:
        Orchestrator(steps, workspace=workspace).execute()
    assert not (workspace.root / "out").exists()
    return str(caught.value)


def leftovers(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.name.startswith(".tmp-")]


def test_an_unknown_column_is_told_before_anything_runs_with_the_near_names(
    workspace: Workspace, make_file: MakeFile
) -> None:
    make_file("orders.csv", "order_id,amount\n1,2\n")
    steps = [
        ingest_step("orders", "orders.csv"),
        sql_step("sums", "SELECT sum(amuont) FROM orders", "orders"),
    ]
    text = problems(workspace, steps)
    assert "step 'sums', value" in text
    assert "amuont" in text
    assert "mean 'amount'" in text


@TRACKING
def test_an_unknown_column_that_only_a_run_can_see_names_its_step(
    run: Run, make_file: MakeFile, tracking: str
) -> None:
    def make() -> Any:
        import pandas as pd

        return pd.DataFrame({"amount": [1]})

    steps = [
        Step("t", "made", "function", "", make, outputs={"data": "made"}),
        sql_step("sums", "SELECT sum(amuont) FROM made", "made"),
        store_step("saved", "out.parquet", "sums"),
    ]
    result = run(steps, tracking=tracking)
    assert result.failed_nodes == ["sums"]
    text = str(result.errors["sums"])
    assert "step 'sums'" in text
    assert "mean 'amount'" in text


@TRACKING
def test_a_value_of_the_wrong_type_names_the_value_and_the_step(
    run: Run, make_file: MakeFile, tmp_path: Path, tracking: str
) -> None:
    make_file("a.csv", "id,day\n1,2026-01-01\n2,soon\n")
    steps = [
        ingest_step("a", "a.csv"),
        sql_step("typed", "SELECT id, CAST(day AS DATE) AS day FROM a", "a"),
        store_step("saved", "out.parquet", "typed"),
    ]
    make_file("out.parquet", b"what was there")
    result = run(steps, tracking=tracking)
    assert result.failed_nodes == ["typed"]
    assert "'soon'" in str(result.errors["typed"])
    assert (tmp_path / "out.parquet").read_bytes() == b"what was there"


@TRACKING
@pytest.mark.parametrize("name", ["gone.csv", "gone.json", "gone.parquet", "gone.delta", "gone/*.csv"])
def test_a_missing_file_is_named(run: Run, tmp_path: Path, tracking: str, name: str) -> None:
    result = run(through(name), tracking=tracking)
    assert result.failed_nodes == ["rows"]
    text = str(result.errors["rows"])
    assert "step 'rows'" in text
    assert "gone" in text
    assert not (tmp_path / "out").exists() or not any((tmp_path / "out").iterdir())


def test_a_missing_file_s_near_names_are_told(run: Run, make_file: MakeFile) -> None:
    make_file("data/orders.csv", "a\n1\n")
    assert "orders.csv" in str(only_error(run(through("data/oders.csv"))))


@TRACKING
@pytest.mark.parametrize("name", ["empty.csv", "empty.json", "empty.jsonl", "empty.parquet"])
def test_an_empty_file_is_said_to_be_empty(run: Run, make_file: MakeFile, tracking: str, name: str) -> None:
    make_file(name, "")
    text = str(only_error(run(through(name), tracking=tracking)))
    assert "step 'rows'" in text
    assert name in text
    assert "empty" in text or "cut off" in text


@TRACKING
def test_a_wrong_delimiter_is_noticed(run: Run, make_file: MakeFile, tracking: str) -> None:
    make_file("a.csv", "id;name\n1;a\n2;b\n")
    result = run(through("a.csv", delimiter=","), tracking=tracking)
    told = [*map(str, result.errors.values()), *_warnings(result)]
    assert any("delimiter" in text and "';'" in text for text in told), told


@TRACKING
def test_mixed_encodings_are_set_aside_not_garbled(
    run: Run, make_file: MakeFile, tmp_path: Path, tracking: str
) -> None:
    make_file("a.csv", b"id,name\n1,caf\xc3\xa9\n2,caf\xe9\n3,tea\n")
    result = run(through("a.csv"), tracking=tracking)
    assert result.success, result.errors
    assert pq.read_table(tmp_path / "out/rows.parquet").to_pydict() == {"id": [1, 3], "name": ["café", "tea"]}
    (rejected,) = _rejects(result)
    assert rejected["line"] == "3"
    assert "encoding" in rejected["reason"] or "UTF-8" in rejected["reason"]


@TRACKING
def test_malformed_rows_are_counted_and_kept(
    run: Run, make_file: MakeFile, tmp_path: Path, tracking: str
) -> None:
    make_file("a.csv", "id,amount\n1,10\n2,20,extra\nthree,30\n4,40\n5\n")
    result = run(through("a.csv", schema={"id": "BIGINT", "amount": "BIGINT"}), tracking=tracking)
    assert result.success, result.errors
    kept = pq.read_table(tmp_path / "out/rows.parquet").to_pydict()
    rejected = _rejects(result)
    assert kept == {"id": [1, 4], "amount": [10, 40]}
    assert [row["line"] for row in rejected] == ["3", "4", "6"]
    assert rejected[0]["text"] == "2,20,extra"
    assert result.tracker is not None
    execution = result.tracker.step_executions[0]
    assert execution["rejected_rows"] == 3
    assert execution["after_snapshot"]["row_count"] == 2
    assert any("3 rows could not be read" in text for text in _warnings(result))


@TRACKING
def test_rejects_are_found_also_in_columns_that_nobody_takes(
    run: Run, make_file: MakeFile, tracking: str
) -> None:
    good = "".join(f"{i},{i}\n" for i in range(30_000))
    make_file("a.csv", f"id,amount\n{good}x,1\n")
    steps = [ingest_step("a", "a.csv"), sql_step("sum", "SELECT sum(id)::BIGINT AS s FROM a", "a")]
    result = run(steps, tracking=tracking)
    assert result.success, result.errors
    assert result.data_map["sum"]["s"].tolist() == [sum(range(30_000))]
    assert [row["line"] for row in _rejects(result)] == ["30002"]


@TRACKING
def test_duplicate_column_names_are_not_merged_silently(
    run: Run, make_file: MakeFile, tmp_path: Path, tracking: str
) -> None:
    make_file("a.csv", "id,name,name\n1,a,b\n")
    result = run(through("a.csv"), tracking=tracking)
    if result.success:
        (row,) = pq.read_table(tmp_path / "out/rows.parquet").to_pylist()
        assert list(row.values()) == [1, "a", "b"]
        assert any("name" in text for text in _warnings(result))
    else:
        assert "'name'" in str(only_error(result))


AWKWARD = [
    "select",
    "two words",
    'a "quoted" name',
    "dot.ted",
    "🎉",
    "group",
    "ünï",
    "semi;colon",
    "per%cent",
]


@TRACKING
@pytest.mark.parametrize("form", ["csv", "json", "parquet", "delta"])
def test_awkward_column_names_come_through(
    run: Run, make_file: MakeFile, tmp_path: Path, tracking: str, form: str
) -> None:
    header = ",".join('"' + name.replace('"', '""') + '"' for name in AWKWARD)
    make_file("a.csv", f"{header}\n{','.join(str(i) for i in range(len(AWKWARD)))}\n")
    target = f"out/rows.{form}" if form != "delta" else "out/rows"
    steps = through("a.csv", target)
    steps[2] = store_step("saved", target, "same", format=form)
    steps[1] = sql_step("same", 'SELECT *, "select" + 1 AS "order" FROM rows', "rows")
    assert run(steps, tracking=tracking).success
    again = run([ingest_step("back", target, source_type=form)])
    assert again.success, again.errors
    assert list(again.data_map["back"].columns) == [*AWKWARD, "order"]
    assert again.data_map["back"].iloc[0].tolist() == [*range(len(AWKWARD)), 1]


@TRACKING
@pytest.mark.parametrize("name", AWKWARD)
def test_awkward_step_and_dataset_names_work(run: Run, tmp_path: Path, tracking: str, name: str) -> None:
    quoted = '"' + name.replace('"', '""') + '"'
    steps = [
        sql_step(name, "SELECT 1 AS n"),
        sql_step(f"{name} 2", f"SELECT n + 1 AS n FROM {quoted}", name),
        store_step(f"{name} 3", "out/rows.csv", f"{name} 2"),
    ]
    result = run(steps, tracking=tracking)
    assert result.success, result.errors
    assert (tmp_path / "out/rows.csv").read_text() == "n\n2\n"


@TRACKING
@pytest.mark.parametrize("target", ["out/a.csv", "out/a.json", "out/a.parquet", "out/table"])
def test_no_rows_are_written_as_no_rows_with_columns(
    run: Run, make_file: MakeFile, tracking: str, target: str
) -> None:
    make_file("a.csv", "id,name\n")
    form = "delta" if target == "out/table" else target.rpartition(".")[2]
    steps = [*through("a.csv")[:2], store_step("saved", target, "same", format=form)]
    result = run(steps, tracking=tracking)
    assert result.success, result.errors
    again = run([ingest_step("back", target, source_type=form)])
    if form == "json":
        return
    assert again.success, again.errors
    assert list(again.data_map["back"].columns) == ["id", "name"]
    assert len(again.data_map["back"]) == 0


@TRACKING
def test_a_file_where_a_folder_should_be(
    run: Run, make_file: MakeFile, tmp_path: Path, tracking: str
) -> None:
    make_file("a.csv", "id\n1\n")
    make_file("out", "precious")
    text = str(only_error(run(through("a.csv", "out/rows.parquet"), tracking=tracking)))
    assert "step 'saved'" in text
    assert "a file stands where a folder should be" in text
    assert (tmp_path / "out").read_text() == "precious"


@pytest.fixture
def locked_folder(tmp_path: Path) -> Iterator[Path]:
    """A folder that nobody may write to: by its mode for a user, by an attribute for root."""
    folder = tmp_path / "locked"
    folder.mkdir()
    (folder / "rows.parquet").write_bytes(b"precious")
    chattr = shutil.which("chattr")
    if os.geteuid() != 0:
        folder.chmod(0o500)
        yield folder
        folder.chmod(0o700)
        return
    assert chattr, "root can't be kept out of a folder without chattr"
    done = subprocess.run([chattr, "+i", str(folder)], capture_output=True, text=True, check=False)
    if done.returncode == 0:
        yield folder
        subprocess.run([chattr, "-i", str(folder)], check=True)
        return
    subprocess.run(["mount", "--bind", str(folder), str(folder)], check=True)
    subprocess.run(["mount", "-o", "remount,ro,bind", str(folder)], check=True)
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@TRACKING
@pytest.mark.parametrize("name", ["rows.parquet", "rows.csv", "table"])
def test_a_folder_without_permission(
    run: Run, make_file: MakeFile, locked_folder: Path, tracking: str, name: str
) -> None:
    make_file("a.csv", "id\n1\n")
    steps = [*through("a.csv")[:2], store_step("saved", f"locked/{name}", "same")]
    if name == "table":
        steps[2] = store_step("saved", "locked/table", "same", format="delta")
    text = str(only_error(run(steps, tracking=tracking)))
    assert "step 'saved'" in text
    assert "permission denied" in text or "read-only" in text
    assert (locked_folder / "rows.parquet").read_bytes() == b"precious"
    assert [path.name for path in locked_folder.iterdir()] == ["rows.parquet"]


@TRACKING
@pytest.mark.parametrize("form", ["csv", "json", "parquet", "delta"])
def test_a_full_disk(workspace: Workspace, small_disk: Path, tracking: str, form: str) -> None:
    target = "small/table" if form == "delta" else f"small/rows.{form}"
    old = small_disk / f"rows.{form}"
    old.write_bytes(b"precious")
    steps = [
        sql_step("rows", "SELECT i, sha256(i::VARCHAR) AS hash FROM range(400000) t(i)"),
        store_step("saved", target, "rows", format=form),
    ]
    result = Orchestrator(steps, workspace=workspace, tracking=tracking).execute()
    text = str(only_error(result))
    result.close()
    assert "step 'saved'" in text
    assert "the disk is full" in text
    assert old.read_bytes() == b"precious"
    assert leftovers(small_disk) == []
    assert not list(small_disk.rglob("*.parquet")) or form == "parquet"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 4 MB."""
    disk = tmp_path / "small"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(disk)], check=True)
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def test_a_target_that_is_also_a_source(workspace: Workspace, make_file: MakeFile, tmp_path: Path) -> None:
    path = make_file("a.csv", "id\n1\n")
    text = problems(workspace, through("a.csv", "./x/../a.csv"))
    assert "step 'saved', value" in text
    assert "is also the source of 'rows'" in text
    assert path.read_text() == "id\n1\n"


def test_a_target_inside_a_source_folder(workspace: Workspace, make_file: MakeFile) -> None:
    make_file("data/a.csv", "id\n1\n")
    for source in ("data", "data/*.csv"):
        text = problems(workspace, through(source, "data/b.csv", source_type="csv"))
        assert "is also the source of 'rows'" in text


def test_a_target_that_links_to_a_source(workspace: Workspace, make_file: MakeFile, tmp_path: Path) -> None:
    make_file("data/a.csv", "id\n1\n")
    (tmp_path / "link").symlink_to(tmp_path / "data")
    assert "is also the source" in problems(workspace, through("data/a.csv", "link/a.csv"))


def test_a_cycle_is_drawn(workspace: Workspace) -> None:
    steps = [
        sql_step("a", "SELECT * FROM c", "c"),
        sql_step("b", "SELECT * FROM a", "a"),
        sql_step("c", "SELECT * FROM b", "b"),
    ]
    text = problems(workspace, steps)
    assert "the steps need each other in a circle: " in text
    for arrow in ("a → b", "b → c", "c → a"):
        assert arrow in text


def test_two_writers_of_one_key_and_of_one_path(workspace: Workspace) -> None:
    steps = [
        sql_step("a", "SELECT 1 AS n"),
        Step("t", "b", "sql", "", "SELECT 2 AS n", outputs={"data": "a"}),
        store_step("s", "out/x.csv", "a"),
        store_step("t", "out/./x.csv", "a"),
    ]
    text = problems(workspace, steps)
    assert "step 'b', outputs.data: the dataset 'a' is made by 'a' already" in text
    assert "step 't', value: 's' writes to" in text


def test_every_mistake_of_a_pipeline_is_told_at_once(workspace: Workspace, make_file: MakeFile) -> None:
    make_file("a.csv", "id,amount\n1,2\n")
    steps = [
        ingest_step("a", "a.csv", sourcetype="csv"),
        ingest_step("b", "a.csv", delimitr=";"),
        ingest_step("c", "a.csv"),
        ingest_step("c", "a.csv"),
        Step("silver", "d", "sqll", "", "SELECT 1", outputs={"data": "d"}),
        Step("silver", "e", "sql", "pands", "SELECT 1", outputs={"data": "e"}),
        sql_step("f", "SELECT * FROM c WHERE {nothing} = 1", "c"),
        sql_step("g", "SELEC 1"),
        sql_step("h", "SELECT 1", "missing"),
        store_step("i", "out/x.csv", "c", mode="replace"),
        store_step("j", "out/y.unknown", "c"),
        store_step("k", "out/z.csv", "c", mode="merge"),
        Step("t", "l", "function", "", "no.such.function", outputs={"data": "l"}),
        Step("t", "m", "config_op", "", "x", inputs={"a": "c"}, outputs={"data": "m"}),
    ]
    text = problems(workspace, steps)
    for piece in (
        "step 'a', params.sourcetype: there is no setting 'sourcetype' here. Did you mean 'source_type'?",
        "step 'b', params.delimitr: there is no setting 'delimitr' here. Did you mean 'delimiter'",
        "step 'c', name: 2 steps have this name",
        "step 'd', type: there is no step type 'sqll'. Did you mean 'sql'?",
        "step 'e', engine: there is no engine 'pands'. Did you mean 'pandas'?",
        "step 'f', value: the placeholder {nothing} stands for no parameter",
        "step 'g', value",
        "step 'h', inputs.missing: no step makes the dataset 'missing'",
        "step 'i', params.mode",
        "step 'j', params.format: nothing in the name 'y.unknown' says its format",
        "step 'k', params.merge_key",
        "step 'l', value",
        "step 'm', type: a config_op step with both inputs and outputs is of no kind",
    ):
        assert piece in text, piece
    assert "SQL can't go on with '}'" not in text


@pytest.mark.parametrize("field", ["layer", "name", "type", "engine"])
@pytest.mark.parametrize("wrong", [["sql"], {"sql": 1}, 7, [], {}, (), 0, False])
def test_what_is_no_word_at_all_is_told_by_its_field(workspace: Workspace, field: str, wrong: Any) -> None:
    step = Step("silver", "a", "sql", "", "SELECT 1 AS a", outputs={"data": "a"})
    setattr(step, field, wrong)
    assert field in problems(workspace, [step])


def _warnings(result: RunResult) -> list[str]:
    assert result.tracker is not None
    return [text for execution in result.tracker.step_executions for text in execution["warnings"]]


def _rejects(result: RunResult) -> list[dict[str, str]]:
    with (result.run_dir / "rejects" / f"{result.tracker.step_executions[0]['step_name']}.csv").open(  # type: ignore[union-attr]
        encoding="utf-8", errors="surrogateescape", newline=""
    ) as file:
        return list(csv.DictReader(file))
