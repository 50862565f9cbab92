"""A remembered binding is the one that binding anew would give."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from odibi_core.schema import Schema
from odibi_core.sql.binding import Binder
from odibi_core.sql.compose import SqlStep
from odibi_core.sql.remembering import RememberingBinder

SOURCE = Schema.of({"id": "BIGINT", "name": "VARCHAR"})


@pytest.fixture
def binder() -> Iterator[RememberingBinder]:
    binder = RememberingBinder()
    yield binder
    binder.close()


def chain(*texts: str) -> list[SqlStep]:
    keys = ["source", *(f"made {number}" for number in range(len(texts)))]
    return [
        SqlStep(f"step {number}", text, {"rows": keys[number]}, keys[number + 1])
        for number, text in enumerate(texts)
    ]


@pytest.mark.parametrize(
    "texts",
    [
        ("SELECT * FROM rows", "SELECT id FROM rows", "SELECT id + 1 AS next FROM rows"),
        ("SELECT id AS other FROM rows", "SELECT id FROM rows", "SELECT 1 AS one FROM rows"),
        ("SELECT nothing FROM rows", "SELECT id FROM rows", "SELEC 1"),
        tuple(f"SELECT *, {number} AS n{number} FROM rows" for number in range(20)),
    ],
)
def test_each_change_gives_what_binding_anew_gives(binder: RememberingBinder, texts: tuple[str, ...]) -> None:
    for steps in (chain(*["SELECT * FROM rows"] * len(texts)), chain(*texts), chain(*texts)):
        fresh = Binder()
        expected = fresh.bind_all(steps, {"source": SOURCE})
        fresh.close()
        found = binder.bind_all(steps, {"source": SOURCE})
        assert list(found) == list(expected)
        for name, bound in expected.items():
            assert found[name].schema == bound.schema
            assert str(found[name].error) == str(bound.error)


def test_other_columns_of_a_source_are_bound_anew(binder: RememberingBinder) -> None:
    steps = chain("SELECT name FROM rows")
    assert binder.bind_all(steps, {"source": SOURCE})["step 0"].error is None
    other = Schema.of({"id": "BIGINT"})
    error = binder.bind_all(steps, {"source": other})["step 0"].error
    assert error is not None
    assert error.what == "there is no column 'name'"
