"""What previewed SQL may say: one statement that gives rows, and no function that looks outside of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_HIDDEN = r"""[eE]?'(?:[^'\\]|\\.|'')*' | --[^\n]* | /\*.*?\*/"""
_PIECE = re.compile(
    rf"""(?P<hidden>{_HIDDEN}) | (?P<name>"(?:[^"]|"")+"|[^\W\d][\w$]*)
      (?P<call>(?=(?:\s|--[^\n]*\n|/\*.*?\*/)*\())?""",
    re.VERBOSE | re.DOTALL,
)
# What they read is about the server, not about the rows; some take addresses in memory. The lock and the
# missing access to files hold without this list too: it is a second wall.
_REFUSED = re.compile(
    r"""duckdb_.* | pragma_.* | read_.* | parquet_.* | .*_scan | scan_.* | arrow_.* | pandas_.* | python_.*
      | glob | sniff_csv | which_secret | query | query_table | current_setting | getenv | getvariable
      | .*checkpoint | json_execute_serialized_sql | json_serialize_plan | json_serialize_sql
      | json_deserialize_sql | sql_auto_complete | load_aws_credentials | write_log | parse_duckdb_log_message
      | pg_.* | show_.* | storage_info | from_substrait.* | get_substrait.* | iceberg_.* | delta_.* | http_.*
      | st_read.* | .*_query | .*_attach | nextval | currval | txid_current""",
    re.VERBOSE,
)


class RefusedError(Exception):
    """SQL that a preview does not run; the message says why."""


def system_views(database: DuckDBPyConnection) -> frozenset[str]:
    """The names of the views that show what the database is like.

    Those of the information schema have names that columns have too (`views`, `columns`), and can't be
    reached without the schema's own name.
    """
    rows = database.execute(
        "SELECT view_name FROM duckdb_views() WHERE internal AND schema_name <> 'information_schema'"
    ).fetchall()
    return frozenset(name for (name,) in rows) | {"pg_catalog", "information_schema"}


def check(database: DuckDBPyConnection, sql: str, refused: frozenset[str]) -> None:
    """Return where a preview may run the SQL.

    Args:
        database: Reads it.
        sql: The text.
        refused: Names that it may not hold.

    Raises:
        RefusedError: It may not.
        duckdb.Error: It is no SQL.
    """
    import duckdb

    statements = database.extract_statements(sql)
    # A PIVOT that looks its columns up counts as several statements; two texts are two entries.
    allowed = (duckdb.StatementType.SELECT, duckdb.StatementType.MULTI)
    if len(statements) != 1 or statements[0].type not in allowed:
        raise RefusedError("a preview runs one SELECT and nothing else")
    is_first = True
    for found in _PIECE.finditer(sql):
        name = (found["name"] or "").strip('"').casefold()
        if not name:
            continue
        if is_first and name == "show":
            raise RefusedError("a preview runs one SELECT and nothing else")
        is_first = False
        if name in refused or (found["call"] is not None and _REFUSED.fullmatch(name)):
            raise RefusedError(f"a preview does not use {name}: it looks outside of the step's inputs")
