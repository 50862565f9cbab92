"""The write modes, on every format of plain files."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.core.formats.bench import Bench, QueryRows

from odibi_core.errors import TargetError, TransientError
from odibi_core.formats import format_named
from odibi_core.formats.base import Target, Ticket, WriteMode

OLD = "SELECT 1::BIGINT AS id, 'old' AS v UNION ALL SELECT 2, 'old'"
NEW = "SELECT 'new' AS v, 2::BIGINT AS id UNION ALL SELECT 'new', 3"


@pytest.fixture(params=["csv", "json", "parquet", "orc", "avro"])
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def path(bench: Bench, name: str) -> Path:
    """A file with two rows."""
    path = bench.folder / "deep" / f"a.{name}"
    bench.write(path, OLD, ticket="first/step")
    return path


def test_overwriting_replaces_the_file(bench: Bench, path: Path) -> None:
    assert bench.write(path, "SELECT 9 AS x").rows == 1
    assert bench.read(path).rows == [(9,)]


def test_appending_adds_rows_by_name(bench: Bench, path: Path) -> None:
    assert bench.write(path, NEW, "append").rows == 2
    assert bench.read(path).rows == [(1, "old"), (2, "old"), (2, "new"), (3, "new")]


def test_merging_replaces_rows_in_their_places_and_adds_the_others(bench: Bench, path: Path) -> None:
    written = bench.write(path, NEW, "merge", merge_key=("id",))

    assert (written.rows, dict(written.details)) == (2, {"updated": 1, "inserted": 1})
    assert bench.read(path).rows == [(1, "old"), (2, "new"), (3, "new")]


@pytest.mark.parametrize("mode", ["append", "merge", "error"])
def test_the_same_ticket_writes_once(bench: Bench, name: str, mode: str) -> None:
    path = bench.folder / f"new.{name}"
    for skipped in ("", "this run wrote it already", "this run wrote it already"):
        assert bench.write(path, OLD, mode, merge_key=("id",)).skipped == skipped

    assert len(bench.read(path).rows) == 2


def test_a_ticket_is_remembered_behind_later_ones(bench: Bench, path: Path) -> None:
    for ticket in ("run1/a", "run1/b", "run2/a"):
        bench.write(path, NEW, "append", ticket=ticket)

    assert bench.write(path, NEW, "append", ticket="run1/a").skipped
    assert len(bench.read(path).rows) == 8


def test_overwriting_forgets_what_was_appended(bench: Bench, path: Path) -> None:
    bench.write(path, NEW, "append", ticket="run1/a")
    bench.write(path, OLD, "overwrite", ticket="run2/b")

    assert bench.write(path, NEW, "append", ticket="run1/a").rows == 2


def test_a_target_that_was_removed_is_written_again(bench: Bench, path: Path) -> None:
    bench.write(path, NEW, "append")
    path.unlink()

    assert bench.write(path, NEW, "append").rows == 2


def test_a_merge_into_nothing_is_a_write(bench: Bench, name: str) -> None:
    path = bench.folder / f"new.{name}"

    assert bench.write(path, NEW, "merge", merge_key=("id",)).rows == 2
    assert len(bench.read(path).rows) == 2


def test_ignoring_keeps_what_is_there(bench: Bench, path: Path) -> None:
    assert bench.write(path, NEW, "ignore").skipped == "the target exists"
    assert bench.read(path).rows == [(1, "old"), (2, "old")]


def test_mode_error_refuses_what_is_there(bench: Bench, path: Path) -> None:
    with pytest.raises(TargetError, match=r"the file exists already, and the mode is 'error'\n.*'overwrite'"):
        bench.write(path, NEW, "error")


@pytest.mark.parametrize("mode", ["append", "merge"])
def test_other_columns_are_refused_by_name(bench: Bench, path: Path, mode: str) -> None:
    with pytest.raises(TargetError, match="the rows lack 'v'; the target lacks 'w'"):
        bench.write(path, "SELECT 1::BIGINT AS id, 2 AS w", mode, merge_key=("id",))
    assert bench.read(path).rows == [(1, "old"), (2, "old")]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("SELECT NULL::BIGINT AS id, 'x' AS v", "1 of the new rows has a null in merge_key 'id'"),
        (f"{NEW} UNION ALL SELECT 'x', 3", "2 of the new rows have the same merge_key 'id': 3"),
    ],
)
def test_merging_without_clear_keys_is_refused(bench: Bench, path: Path, rows: str, said: str) -> None:
    with pytest.raises(TargetError, match=said):
        bench.write(path, rows, "merge", merge_key=("id",))
    assert bench.read(path).rows == [(1, "old"), (2, "old")]


def test_merging_needs_a_key_that_the_rows_have(bench: Bench, path: Path) -> None:
    with pytest.raises(TargetError, match=r"mode 'merge' needs the columns.*\n.*merge_key: id"):
        bench.write(path, NEW, "merge")
    with pytest.raises(TargetError, match=r"merge_key: the rows have no column 'idd'\n.*'id'"):
        bench.write(path, NEW, "merge", merge_key=("idd",))


def test_a_target_may_be_a_source_of_its_own_rows(bench: Bench, path: Path) -> None:
    for mode in ("overwrite", "append"):
        bench.write(path, f"SELECT id + 10 AS id, v FROM {bench.source_sql(path)}", mode)

    assert sorted(bench.read(path).rows) == [(11, "old"), (12, "old"), (21, "old"), (22, "old")]


def test_a_write_that_fails_leaves_everything_as_it_was(bench: Bench, path: Path) -> None:
    before = path.read_bytes()
    for mode in ("overwrite", "append", "merge"):
        with pytest.raises(Exception, match="boom"):
            bench.write(
                path, "SELECT range AS id, error('boom')::VARCHAR AS v FROM range(9)", mode, merge_key=("id",)
            )
    assert path.read_bytes() == before
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_two_writers_at_once_do_not_lose_rows(bench: Bench, path: Path, name: str) -> None:
    class Meanwhile(QueryRows):
        """Rows during whose making somebody else writes the target."""

        @property
        def sql(self) -> str:
            if any(path.parent.glob(".tmp-*")):
                bench.write(path, OLD, "append", ticket="other/step")
            return NEW

        @sql.setter
        def sql(self, _: str) -> None: ...

    fmt = format_named(name)
    target = Target(path, WriteMode.APPEND, Ticket("run", "step"))
    with pytest.raises(TransientError, match="something else changed the file"):
        fmt.write(Meanwhile(bench.cursor, NEW), target, fmt.write_options())
    bench.write(path, NEW, "append")

    assert len(bench.read(path).rows) == 6


def during(bench: Bench, happens: Callable[[], object]) -> str:
    """A query during which something happens."""

    def value(id_: int) -> str:
        happens()
        return f"new {id_}"

    bench.cursor.create_function("during", value, ["BIGINT"], "VARCHAR", side_effects=True)
    return "SELECT id, during(id) AS v FROM (VALUES (7::BIGINT)) AS t(id)"


@pytest.mark.parametrize("mode", ["append", "error", "ignore", "overwrite"])
def test_a_file_that_appears_during_a_write_is_not_replaced(bench: Bench, name: str, mode: str) -> None:
    path = bench.folder / f"a.{name}"
    query = during(bench, lambda: path.write_text("theirs"))

    with pytest.raises(TransientError, match="something else changed the file"):
        bench.write(path, query, mode)

    assert path.read_text() == "theirs"


@pytest.mark.parametrize("mode", ["append", "overwrite"])
def test_a_part_that_appears_during_a_write_of_a_folder_is_not_lost(
    bench: Bench, name: str, mode: str
) -> None:
    folder = bench.folder / "rows"
    bench.write(folder, OLD, format_name=name, ticket="first/step")
    part = next(folder.iterdir())
    query = during(bench, lambda: shutil.copy(part, folder / f"theirs.{name}"))

    with pytest.raises(TransientError, match="something else changed the folder"):
        bench.write(folder, query, mode, format_name=name)

    assert (folder / f"theirs.{name}").exists()


def test_mode_error_lets_one_of_two_writers_make_a_folder(bench: Bench, name: str) -> None:
    folder = bench.folder / "rows"

    def make() -> None:
        folder.mkdir(exist_ok=True)
        (folder / f"theirs.{name}").write_text("theirs")

    with pytest.raises(TransientError, match="something else changed the folder"):
        bench.write(folder, during(bench, make), "error", format_name=name)

    assert [entry.name for entry in folder.iterdir()] == [f"theirs.{name}"]


def test_a_touched_file_still_holds_what_a_run_wrote(bench: Bench, path: Path) -> None:
    bench.write(path, NEW, "append")
    os.utime(path, (0, 0))

    assert bench.write(path, NEW, "append").skipped == "this run wrote it already"


def test_a_replaced_file_refuses_only_the_run_that_wrote_it_last(bench: Bench, path: Path) -> None:
    bench.write(path, NEW, "append")
    copy = path.with_name("copy")
    copy.write_bytes(path.read_bytes())
    copy.replace(path)

    for ticket in ("other/step", "another/step"):
        with pytest.raises(TargetError, match="can't be told"):
            bench.write(path, NEW, "append")
        assert bench.write(path, NEW, "append", ticket=ticket).rows == 2


def test_a_damaged_record_is_told(bench: Bench, path: Path) -> None:
    bench.write(path, NEW, "append")
    record = path.with_name(f".{path.name}.odibi.json")
    for damage in ("", "[]", "{}", '{"pending": 1}', '{"pending": ["a", 1, []], "done": [], "doubtful": []}'):
        record.write_text(damage)
        with pytest.raises(TargetError, match=r"record of which runs wrote .* is damaged") as caught:
            bench.write(path, NEW, "append")
        assert caught.value.where == str(record)

    assert len(bench.read(path).rows) == 4


def test_a_path_without_an_ending_is_a_folder(bench: Bench, name: str) -> None:
    folder = bench.folder / "out"
    bench.write(folder, OLD, format_name=name)
    bench.write(folder, NEW, "append", format_name=name, ticket="run/2")
    assert bench.write(folder, NEW, "append", format_name=name, ticket="run/2").skipped

    assert sorted(bench.read(folder, format_name=name).rows) == [
        (1, "old"),
        (2, "new"),
        (2, "old"),
        (3, "new"),
    ]
    assert len(list(folder.iterdir())) == 2


def test_partitioned_folders_are_appended_to_and_overwritten(bench: Bench, name: str) -> None:
    folder = bench.folder / "out"
    for mode, ticket in (("overwrite", "run/1"), ("append", "run/2"), ("append", "run/2")):
        bench.write(folder, OLD, mode, format_name=name, partition_by=("v",), ticket=ticket)
    assert sorted(bench.read(folder, format_name=name).rows) == [(1, "old")] * 2 + [(2, "old")] * 2

    bench.write(folder, NEW, format_name=name, partition_by=("v",), ticket="run/3")
    assert sorted(bench.read(folder, format_name=name).rows) == [(2, "new"), (3, "new")]
    assert [entry.name for entry in folder.iterdir()] == ["v=new"]


def test_folders_keep_modes_error_and_ignore(bench: Bench, name: str) -> None:
    folder = bench.folder / "out"
    assert bench.write(folder, OLD, "error", format_name=name).rows == 2
    assert bench.write(folder, OLD, "error", format_name=name).skipped == "this run wrote it already"

    assert bench.write(folder, NEW, "ignore", format_name=name, ticket="run/2").skipped == "the target exists"
    with pytest.raises(TargetError, match="the folder exists already"):
        bench.write(folder, NEW, "error", format_name=name, ticket="run/3")


def test_other_partitions_are_refused(bench: Bench, name: str) -> None:
    folder = bench.folder / "out"
    bench.write(folder, OLD, format_name=name, partition_by=("v",))

    with pytest.raises(TargetError, match=r"is partitioned by v, these rows by nothing\n.*\[v\]"):
        bench.write(folder, NEW, "append", format_name=name, ticket="run/2")


def test_merging_into_a_folder_is_refused(bench: Bench, name: str) -> None:
    with pytest.raises(TargetError, match=f"a folder of {name} files can't be merged into\n.*'delta'"):
        bench.write(bench.folder / "out", OLD, "merge", format_name=name, merge_key=("id",))


def test_a_folder_with_other_things_in_it_is_never_overwritten(bench: Bench, name: str) -> None:
    bench.file("home/notes.txt", "mine")

    with pytest.raises(TargetError, match=f"the folder holds more than {name} files: notes.txt"):
        bench.write(bench.folder / "home", OLD, format_name=name)
    assert (bench.folder / "home" / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize(
    "other",
    [
        ".env",
        "_notes.txt",
        "orig.{}",
        "part-time.{}",
        "old/hand.{}",
        "old/part-0.{}",
        "v=old/hand.{}",
        "v=old/.env",
        "data_of_customers.{}",
    ],
)
def test_a_file_that_no_engine_wrote_is_never_overwritten_with_its_folder(
    bench: Bench, name: str, other: str
) -> None:
    folder, other = bench.folder / "out", other.format(name)
    bench.write(folder, OLD, format_name=name, partition_by=("v",), ticket="run/1")
    bench.file(f"out/{other}", "mine")

    with pytest.raises(TargetError) as caught:
        bench.write(folder, NEW, format_name=name, partition_by=("v",), ticket="run/2")

    assert caught.value.what.endswith(f"that are no parts of a dataset: {other}")
    assert caught.value.where == str(folder)
    assert "move these files elsewhere" in caught.value.fix
    assert (folder / other).read_text() == "mine"
    assert list((folder / "v=old").glob("part-*"))


def test_a_link_in_a_folder_is_never_overwritten_with_it(bench: Bench) -> None:
    folder = bench.folder / "out"
    bench.write(folder, OLD, format_name="csv", ticket="run/1")
    (folder / "elsewhere").symlink_to(bench.folder)

    with pytest.raises(TargetError, match="no parts of a dataset: elsewhere"):
        bench.write(folder, NEW, format_name="csv", ticket="run/2")


def test_of_many_files_in_the_way_a_few_are_named(bench: Bench) -> None:
    for letter in "abcde":
        bench.file(f"out/{letter}.csv", "id\n1\n")

    with pytest.raises(TargetError, match=r"dataset: a\.csv, b\.csv, c\.csv and more\n"):
        bench.write(bench.folder / "out", OLD, format_name="csv")


def test_what_engines_write_is_overwritten_with_its_folder(bench: Bench, name: str) -> None:
    folder = bench.folder / "out"
    bench.write(folder, OLD, format_name=name, partition_by=("v",), ticket="run/1")
    for written in (
        f"part-00000-8d3b0f52-5a0e-4c55-9a3c-0a4c7c1a6f10-c000.snappy.{name}",
        f"v=old/part-00001.{name}.gz",
        f"part-r-00002.{name}",
        f"v=new/w=1/data_0.{name}",
        f"v=new/data_8d3b0f52-5a0e-4c55-9a3c-0a4c7c1a6f10.{name}",
        "_SUCCESS",
        "_committed_123",
        "_started_123",
        "_metadata",
        "_common_metadata",
        "._SUCCESS.crc",
        f"v=old/.part-00001.{name}.gz.crc",
        ".DS_Store",
        "old/.DS_Store",
        f".part-0.{name}.odibi.json",
        "_odibi.json",
        ".odibi~part-0",
    ):
        bench.file(f"out/{written}", "theirs")

    bench.write(folder, NEW, format_name=name, partition_by=("v",), ticket="run/2")

    assert sorted(bench.read(folder, format_name=name).rows) == [(2, "new"), (3, "new")]
    assert [entry.name for entry in folder.iterdir()] == ["v=new"]
    assert len(list((folder / "v=new").iterdir())) == 1


def test_appending_to_a_folder_keeps_whatever_else_is_in_it(bench: Bench, name: str) -> None:
    folder = bench.folder / "out"
    bench.write(folder, OLD, format_name=name, ticket="run/1")
    next(folder.iterdir()).rename(folder / f"hand.{name}")
    bench.file("out/.env", "mine")

    bench.write(folder, NEW, "append", format_name=name, ticket="run/2")

    assert len(bench.read(folder, format_name=name).rows) == 4
    assert (folder / ".env").read_text() == "mine"


def test_partition_columns_must_be_there_and_leave_some(bench: Bench, name: str) -> None:
    with pytest.raises(TargetError, match=r"partitionBy: the rows have no column 'iid'\n.*'id'"):
        bench.write(bench.folder / "out", OLD, format_name=name, partition_by=("iid",))
    with pytest.raises(TargetError, match="every column is a partition column"):
        bench.write(bench.folder / "out", OLD, format_name=name, partition_by=("id", "v"))


def test_a_file_in_the_place_of_a_folder_is_told(bench: Bench, name: str) -> None:
    file = bench.file("file", "x")

    for target in (file, file / f"a.{name}", file / "b" / f"a.{name}"):
        with pytest.raises(TargetError, match="/file: a file stands where a folder should be"):
            bench.write(target, OLD, format_name=name, partition_by=("v",) if target == file else ())


def test_no_permission_is_told(bench: Bench, name: str) -> None:
    # Nobody, not even root, may create a file there.
    with pytest.raises(TargetError, match=r"/sys/.*: (permission denied|the file system is read-only)"):
        bench.write(Path(f"/sys/odibi/a.{name}"), OLD)


def test_a_file_that_can_not_grow_is_told(bench: Bench, path: Path, name: str) -> None:
    script = f"""
import resource, signal, sys
from pathlib import Path
from tests.core.formats.bench import Bench, connect
bench = Bench(Path({str(bench.folder)!r}), connect(Path({str(bench.folder)!r})))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
bench.write(Path({str(path)!r}), "SELECT range::BIGINT AS id, md5(range::VARCHAR) AS v FROM range(100000)")
"""
    root = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=root,
        # A limit on the size of files would also cut off what Python caches of its modules.
        env={"PYTHONPATH": f"{root}:{root / 'core'}", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert f"TargetError: {path}: the file grows past the largest size allowed" in done.stderr
    assert bench.read(path).rows == [(1, "old"), (2, "old")]
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("mode", ["append", "merge"])
@pytest.mark.parametrize("extension", ["csv", "jsonl", "parquet", "avro", "orc"])
def test_a_target_whose_old_rows_can_not_be_read_is_named_and_stays(
    bench: Bench, extension: str, mode: str
) -> None:
    path = bench.folder / f"a.{extension}"
    bench.write(path, "SELECT range AS id, md5(range::VARCHAR) AS b FROM range(20000)")
    whole = path.read_bytes()
    middle = len(whole) // 2
    path.write_bytes(whole[:middle] + b'\xff",\x00"\xff' * 10 + whole[middle + 60 :])
    if extension == "orc":
        # It has no checksums: only what says how rows are packed shows the damage.
        path.write_bytes(whole[:3] + bytes(byte ^ 0xFF for byte in whole[3:middle]) + whole[middle:])
    damaged = path.read_bytes()

    with pytest.raises(
        TargetError, match=rf"a\.{extension}: the file that is there can't be read: (?!.*odibi)"
    ):
        bench.write(path, "SELECT 1 AS id, 'x' AS b", mode, merge_key=("id",) if mode == "merge" else ())
    assert path.read_bytes() == damaged
