"""Schemas and what changes between them."""

from __future__ import annotations

from odibi_core.schema import Schema, literal, quote


def test_a_schema_keeps_the_order_of_its_columns() -> None:
    schema = Schema.of({"b": "BIGINT", "a": "VARCHAR"})
    assert schema.names == ("b", "a")
    assert list(schema) == [("b", "BIGINT"), ("a", "VARCHAR")]
    assert schema.as_dict() == {"b": "BIGINT", "a": "VARCHAR"}
    assert len(schema) == 2


def test_a_diff_says_what_came_went_and_changed() -> None:
    diff = Schema.of({"a": "BIGINT", "b": "DATE"}).diff(Schema.of({"a": "DOUBLE", "c": "DATE"}))
    assert diff.as_dict() == {
        "added": {"c": "DATE"},
        "removed": {"b": "DATE"},
        "changed": {"a": {"from": "BIGINT", "to": "DOUBLE"}},
    }


def test_quotes_are_doubled() -> None:
    assert quote('a "b"') == '"a ""b"""'
    assert literal("it's") == "'it''s'"
