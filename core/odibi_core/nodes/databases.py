"""Steps that name a database by its connection: their value is then a table, or a query."""

from __future__ import annotations

import re
from typing import Any

from odibi_core.errors import Problem, did_you_mean
from odibi_core.late_dataclass import dataclass
from odibi_core.nodes.base import Known
from odibi_core.step import Step

_QUERY = re.compile(r"\s*(?:\(|(?:--[^\n]*\n\s*)*(?:select|with|values|from|table)\s)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Database:
    """A database that a connection names.

    Attributes:
        format: The format of its tables.
        path: Its file, relative to the workspace; "" for a server.
        server: The URL of its server; "" for a file.
    """

    format: str
    path: str
    server: str


def database_of(name: str | None, connections: Known) -> Database | None:
    """The database behind a connection; None where it is none."""
    named = (connections or {}).get(name or "")
    if named is None:
        return None
    from odibi_core.connections import DuckdbConnection, ServerConnection, SqliteConnection

    match named:
        case ServerConnection() as server:
            return Database(server.kind, "", server.place)
        case SqliteConnection() | DuckdbConnection() as file:
            return Database(file.kind, file.path, "")
    return None


def unknown_connection(step: Step, name: str | None, connections: Known) -> list[Problem]:
    """A problem where there is no connection of the name."""
    if not name or connections is None or name in connections:
        return []
    hint = did_you_mean(name, connections) or "declare it in odibi.toml under [connections]"
    return [Problem(f"there is no connection {name!r}", step.name, "params.connection", hint)]


def named_table(
    step: Step, rest: dict[str, Any], *, takes_query: bool
) -> tuple[dict[str, Any], list[Problem]]:
    """The format's options with the table or query that the step's value names, and what is wrong with it.

    Args:
        step: The step.
        rest: The params that are the format's.
        takes_query: Whether the value may be a query.
    """
    value = step.value
    if value is None or (isinstance(value, str) and not value.strip()):
        if "table" in rest or (takes_query and "query" in rest):
            return rest, []
        what = "nothing says which table" + (", or which query" if takes_query else "")
        return rest, [Problem(what, step.name, "value", "set value to the table's name")]
    if not isinstance(value, str):
        return rest, [Problem("the value must be a table's name", step.name, "value", "give it as text")]
    also = [name for name in ("table", "query") if name in rest]
    if also and rest[also[0]] != value:
        what = f"the value and params.{also[0]} both say what is {'read' if takes_query else 'written'}"
        return rest, [Problem(what, step.name, f"params.{also[0]}", "leave one of them out")]
    if also:
        return rest, []
    name = "query" if takes_query and _QUERY.match(value) else "table"
    return {**rest, name: value.strip()}, []


def same_format(step: Step, named: str | None, database: Database, field: str) -> list[Problem]:
    """A problem where a step names another format than the connection's."""
    if not named or named in (database.format, "sql"):
        return []
    what = f"the connection is a {database.format} database, not {named}"
    return [Problem(what, step.name, field, "leave it out: the connection says it")]
