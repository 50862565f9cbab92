"""The database: opened whole, brought up to date, shared by processes, backed up."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool
from sqlmodel import SQLModel, select

from odibi_core.errors import WorkspaceError
from odibi_studio.store.backups import KEPT, backups
from odibi_studio.store.database import Database
from odibi_studio.store.tables import DesignRow, TagRow, VersionRow

COUNT_UP = """
import sys
from pathlib import Path
from odibi_studio.store.database import Database
from odibi_studio.store.tables import DesignRow

database = Database.open(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
for _ in range(int(sys.argv[2])):
    with database.writing() as session:
        row = session.get(DesignRow, "one")
        row.revision += 1
        session.add(row)
database.close()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "studio.db"


@pytest.fixture
def database(path: Path) -> Iterator[Database]:
    database = Database.open(path)
    yield database
    database.close()


def row(design_id: str = "one", **fields: object) -> DesignRow:
    """A design that says as little as a row may."""
    made = {"owner": "ana", "text": "", "layout": "{}", "digest": "", "created": "", "updated": ""}
    return DesignRow.model_validate({"id": design_id, "name": design_id, "edited_by": "", **made, **fields})


def test_the_migrations_make_the_tables_of_the_code(database: Database) -> None:
    engine = create_engine(f"sqlite:///{database.path}", poolclass=NullPool)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), SQLModel.metadata) == []


def test_what_was_kept_is_there_when_it_is_opened_again(path: Path) -> None:
    first = Database.open(path)
    with first.writing() as session:
        session.add(row())
    first.close()
    second = Database.open(path)
    with second.reading() as session:
        assert [found.id for found in session.exec(select(DesignRow))] == ["one"]
    second.close()


def test_two_processes_never_lose_an_update(database: Database) -> None:
    with database.writing() as session:
        session.add(row(revision=0))
    command = [sys.executable, "-c", COUNT_UP, str(database.path), "40"]
    writers = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("go\n")
        writer.stdin.flush()
    for writer in writers:
        writer.communicate(timeout=120)
        assert writer.returncode == 0
    with database.reading() as session:
        counted = session.get_one(DesignRow, "one")
        assert (counted.revision, counted.lock_version) == (120, 121)


def test_several_processes_may_open_a_new_database_at_once(path: Path) -> None:
    openers = [
        subprocess.Popen([sys.executable, "-c", COUNT_UP, str(path), "0"], stdin=subprocess.PIPE)
        for _ in range(3)
    ]
    for opener in openers:
        opener.communicate(b"go\n", timeout=120)
    assert [opener.returncode for opener in openers] == [0, 0, 0]


def test_nothing_is_kept_of_a_change_that_fails(database: Database) -> None:
    def fail() -> None:
        with database.writing() as session:
            session.add(row())
            session.flush()
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    with database.reading() as session:
        assert session.get(DesignRow, "one") is None


def test_a_version_is_immutable(database: Database) -> None:
    with database.writing() as session:
        session.add(row())
        session.flush()
        made = {"author": "", "message": "", "created": "", "layout": "", "digest": "", "step_count": 0}
        one = {"design_id": "one", "number": 1, "name": "", "text": "before", **made}
        session.add(VersionRow.model_validate(one))

    def change() -> None:
        with database.writing() as session:
            session.get_one(VersionRow, ("one", 1)).text = "after"

    with pytest.raises(WorkspaceError, match="a version never changes"):
        change()


def test_a_tag_belongs_to_a_design(database: Database) -> None:
    def add() -> None:
        with database.writing() as session:
            session.add(TagRow(design_id="nobody's", name="x"))

    with pytest.raises(WorkspaceError, match="FOREIGN KEY"):
        add()


def test_two_designs_never_share_a_file(database: Database) -> None:
    def add() -> None:
        with database.writing() as session:
            session.add(row("one", path="pipelines/a.yaml"))
            session.add(row("other", path="pipelines/a.yaml"))

    with pytest.raises(WorkspaceError, match="UNIQUE"):
        add()
    with database.writing() as session:
        session.add(row("gone", path="pipelines/a.yaml", trashed="2026-01-01"))
        session.add(row("here", path="pipelines/a.yaml"))


def test_a_damaged_database_is_refused_and_the_error_names_a_whole_backup(path: Path) -> None:
    first = Database.open(path)
    with first.writing() as session:
        session.add_all(row(f"design {number}", text="x" * 500) for number in range(200))
    first.close()
    Database.open(path).close()
    backup = backups(path)[0]
    data = bytearray(path.read_bytes())
    for place in range(8192, len(data), 4096):
        data[place : place + 64] = b"\xff" * 64
    path.write_bytes(data)
    with pytest.raises(WorkspaceError, match="the Studio's database is damaged") as raised:
        Database.open(path)
    assert f"cp '{backup}' '{path}'" in raised.value.fix
    path.write_bytes(backup.read_bytes())
    restored = Database.open(path)
    with restored.reading() as session:
        assert len(session.exec(select(DesignRow)).all()) == 200
    restored.close()


def test_a_file_that_is_no_database_is_refused(path: Path) -> None:
    path.write_text("not a database, and long enough to have a header of its own " * 20)
    with pytest.raises(WorkspaceError, match=r"damaged: file is not a database") as raised:
        Database.open(path)
    assert "saved versions also stand in pipelines/" in raised.value.fix


def test_a_database_of_a_newer_studio_is_refused(path: Path) -> None:
    Database.open(path).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    with pytest.raises(WorkspaceError, match="a newer version of the Studio made the database") as raised:
        Database.open(path)
    assert raised.value.fix == "upgrade odibi-studio"


def test_a_start_keeps_a_backup_of_what_changed_and_only_the_newest_stay(path: Path) -> None:
    Database.open(path).close()
    for number in range(KEPT + 2):
        database = Database.open(path)
        with database.writing() as session:
            session.add(row(f"design {number}"))
        database.close()
    kept = backups(path)
    assert len(kept) == KEPT
    with closing(sqlite3.connect(kept[0])) as newest:
        assert newest.execute("SELECT count(*) FROM design").fetchone() == (KEPT + 1,)


def test_a_backup_is_taken_while_others_write_once_the_last_is_old(database: Database) -> None:
    with database.writing() as session:
        session.add(row())
    database.back_up_hourly()
    first = backups(database.path)
    assert len(first) == 1
    with database.writing() as session:
        session.add(row("other"))
    database.back_up_hourly()
    assert backups(database.path) == first


def test_a_folder_that_can_not_be_used_is_named(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match="the Studio's database can't be used") as raised:
        Database.open(tmp_path / "nowhere" / "studio.db")
    assert str(tmp_path / "nowhere") in raised.value.where


def test_a_writer_is_the_only_one_before_it_has_said_anything(database: Database, path: Path) -> None:
    with (
        database.writing(),
        closing(sqlite3.connect(path, timeout=0)) as other,
        pytest.raises(sqlite3.OperationalError, match="locked"),
    ):
        other.execute("BEGIN IMMEDIATE")
