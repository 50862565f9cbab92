"""Schemas: the names and types of a dataset's columns.

Types are written as DuckDB spells them ("BIGINT", "DECIMAL(18,2)", "TIMESTAMP WITH TIME ZONE",
"STRUCT(a INTEGER, b VARCHAR)[]"): one spelling in plans, journals, designs and forms, whatever the engine.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from odibi_core.late_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Schema:
    """Columns in order, each a name and a type.

    Attributes:
        columns: Pairs of name and type; the names differ.
    """

    columns: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, columns: Mapping[str, str] | Iterable[tuple[str, str]]) -> Schema:
        """A schema from a mapping, or from pairs."""
        pairs = columns.items() if isinstance(columns, Mapping) else columns
        return cls(tuple((name, str(type_)) for name, type_ in pairs))

    @property
    def names(self) -> tuple[str, ...]:
        """The column names in order."""
        return tuple(name for name, _ in self.columns)

    def as_dict(self) -> dict[str, str]:
        """Name → type, in order."""
        return dict(self.columns)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self.columns)

    def __len__(self) -> int:
        return len(self.columns)

    def diff(self, after: Schema) -> SchemaDiff:
        """What changes from this schema to `after`."""
        old, new = self.as_dict(), after.as_dict()
        return SchemaDiff(
            added={name: type_ for name, type_ in new.items() if name not in old},
            removed={name: type_ for name, type_ in old.items() if name not in new},
            changed={
                name: (old[name], type_) for name, type_ in new.items() if old.get(name, type_) != type_
            },
        )


@dataclass(frozen=True, slots=True)
class SchemaDiff:
    """What changed between two schemas.

    Attributes:
        added: New columns and their types.
        removed: Columns that went, and the types they had.
        changed: Columns that stayed under another type: (old, new).
    """

    added: dict[str, str]
    removed: dict[str, str]
    changed: dict[str, tuple[str, str]]

    def as_dict(self) -> dict[str, Any]:
        """The form that lineage keeps."""
        return {
            "added": dict(self.added),
            "removed": dict(self.removed),
            "changed": {name: {"from": old, "to": new} for name, (old, new) in self.changed.items()},
        }


def quote(identifier: str) -> str:
    """An SQL identifier that means exactly this name, whatever is in it."""
    return '"' + identifier.replace('"', '""') + '"'


def literal(text: str) -> str:
    """An SQL string literal that means exactly this text."""
    return "'" + text.replace("'", "''") + "'"
