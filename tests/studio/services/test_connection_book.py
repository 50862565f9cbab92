"""What the page of connections stands on."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from odibi_core.connections import CONNECTIONS
from odibi_core.errors import OdibiError
from odibi_core.workspace import Workspace
from odibi_studio.services.connection_book import (
    ConnectionBook,
    connection_fields,
    connection_kinds,
    step_value,
)

PIPELINE = """\
name: till
steps:
  - name: read
    layer: ingest
    type: config_op
    value: receipts
    params: {connection: till}
    outputs: {data: rows}
"""


@pytest.fixture
def book(workspace: Workspace) -> ConnectionBook:
    with closing(sqlite3.connect(workspace.root / "till.db")) as database:
        database.execute("CREATE TABLE receipts (id INTEGER, amount REAL)")
        database.execute("INSERT INTO receipts VALUES (1, 2.5)")
        database.commit()
    return ConnectionBook(workspace)


def test_a_connection_is_made_tested_looked_into_and_removed(
    workspace: Workspace, book: ConnectionBook
) -> None:
    (workspace.root / "pipelines").mkdir()
    (workspace.root / "pipelines" / "till.yaml").write_text(PIPELINE)
    assert book.cards() == []
    assert book.save("sqlite", "till", {"path": "till.db"}, None) == {}
    (card,) = book.cards()
    assert (card.name, card.kind, card.place, card.used_by) == ("till", "sqlite", "till.db", ("till",))
    book.test("till")
    (table,) = book.tables("till")
    preview = book.preview("till", step_value(table))
    assert preview.rows.to_pylist() == [{"id": 1, "amount": 2.5}]
    assert book.values("till") == {"kind": "sqlite", "path": "till.db"}
    assert book.save("sqlite", "till", {"path": "gone.db"}, book.text) == {}
    with pytest.raises(OdibiError, match="no such database file"):
        book.test("till")
    book.remove("till")
    assert book.cards() == []


def test_mistakes_are_told_at_their_fields_and_no_secret_is_written(
    workspace: Workspace, book: ConnectionBook
) -> None:
    given = {"host": "db", "database": "shop", "user": "etl", "password": "hunter2"}
    errors = book.save("postgresql", "shop", given, None)
    assert "not the" in errors["password"]
    assert "hunter2" not in str(errors)
    assert "hunter2" not in (workspace.root / "odibi.toml").read_text()
    assert book.save("sqlite", "till", {}, None) == {"path": "fill this in"}
    assert "can't be the name" in book.save("sqlite", "a b", {"path": "till.db"}, None)[""]


def test_a_connection_that_somebody_changed_meanwhile_is_not_overwritten(book: ConnectionBook) -> None:
    book.save("sqlite", "till", {"path": "till.db"}, None)
    base = book.text
    book.save("sqlite", "other", {"path": "other.db"}, None)
    assert "changed by somebody else" in book.save("sqlite", "till", {"path": "x.db"}, base)[""]


def test_every_kind_that_there_is_has_a_form() -> None:
    assert list(connection_kinds()) == list(CONNECTIONS)
    for kind in CONNECTIONS:
        assert connection_fields(kind)
