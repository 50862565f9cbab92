"""One bridge between the two dialects: SQL is written once and runs on DuckDB and on Spark.

The parser behind it is loaded, and paid for, only where a text has to be translated.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from odibi_core.errors import SqlError
from odibi_core.late_dataclass import dataclass
from odibi_core.schema import Schema
from odibi_core.sql.compose import Dialect

if TYPE_CHECKING:
    from sqlglot import exp


@dataclass(frozen=True, slots=True)
class Translation:
    """A text in the other dialect.

    Attributes:
        sql: The text.
        warnings: What may come out otherwise than in the dialect that it was written in: function, and why.
        names_views: Whether it names the views that stand for its inputs.
    """

    sql: str
    warnings: tuple[str, ...] = ()
    names_views: bool = False


@dataclass(frozen=True, slots=True)
class NativeSql:
    """A text as the engine takes it.

    Attributes:
        sql: The text; the given one where there is an error.
        dialect: Whose SQL the given text was found to be.
        warnings: What may come out otherwise than meant.
        error: Why the engine takes it in neither dialect.
    """

    sql: str
    dialect: Dialect
    warnings: tuple[str, ...] = ()
    error: SqlError | None = None


def translate(
    sql: str,
    source: str,
    target: str,
    *,
    inputs: Mapping[str, Schema | None] | None = None,
    runs: bool = False,
    views: Mapping[str, str] | None = None,
) -> Translation:
    """The text of `source`'s dialect in `target`'s.

    Args:
        sql: The text of a step.
        source: "spark" or "duckdb".
        target: "duckdb" or "spark".
        inputs: Alias → schema: where dialects part by the type of a column, its type decides.
        runs: Whether it is for Spark to run, so that it may be longer than people like to read.
        views: Alias → a view of Spark's, to be named in its place where that can be done.

    Raises:
        SqlError: The text can't be read as SQL of `source`.
    """
    if source == target:
        return Translation(sql)
    from sqlglot import ErrorLevel
    from sqlglot.dialects.dialect import Dialect as SqlglotDialect

    from odibi_core.sql.from_spark import rewrite_for_duckdb, spark_reader
    from odibi_core.sql.kinds import Types
    from odibi_core.sql.spark_gaps import check_constructs, check_functions, refuse
    from odibi_core.sql.spark_letters import in_full
    from odibi_core.sql.spark_stars import write_out
    from odibi_core.sql.spark_tables import name_inputs
    from odibi_core.sql.to_spark import rewrite_for_spark

    warnings: list[str] = []
    types, names_views = Types(inputs or {}), False
    if source == Dialect.SPARK:
        tree = rewrite_for_duckdb(_tree(sql, spark_reader()), types, warnings.append)
    else:
        tree = write_out(_readable(sql), inputs or {})
        check_constructs(tree)
        tree = rewrite_for_spark(tree, types, warnings.append)
        if runs:
            tree = in_full(tree, warnings.append)
        names_views = bool(views) and name_inputs(tree, views or {})
    writer = SqlglotDialect.get_or_raise(target).generator(unsupported_level=ErrorLevel.IGNORE)
    text = writer.generate(tree)
    if target == Dialect.SPARK:
        check_functions(text)
        for message in writer.unsupported_messages:
            refuse(f"counterpart: {message[:1].lower()}{message[1:]}")
    # The tree is walked from its end: the first place in the text is told first.
    told = dict.fromkeys([*reversed(warnings), *writer.unsupported_messages])
    return Translation(text, tuple(told), names_views)


def native_sql(
    sql: str,
    dialect: str,
    *,
    engine: str = "duckdb",
    binds: Callable[[str], SqlError | None],
    inputs: Mapping[str, Schema | None] | None = None,
) -> NativeSql:
    """The text as the engine takes it.

    A text of "auto" is the engine's own first. Where the engine does not take it and the reason may be the
    dialect (a function, a type, the grammar: never an unknown column, which Spark may take for a text), it is
    translated from the other one and tried again.

    Args:
        sql: The text of the step.
        dialect: "auto", "duckdb" or "spark".
        engine: Whose dialect is native: "duckdb" or "spark".
        binds: Says why the engine does not take a text; None where it does.
        inputs: Alias → schema, for a better translation.
    """
    native = Dialect(engine)
    other = Dialect.DUCKDB if native is Dialect.SPARK else Dialect.SPARK
    if dialect == other:
        return _translated(sql, other, native, binds, inputs)
    error = binds(sql)
    if error is None or dialect == native or not (_may_be_dialect(error) or is_clearly_spark(sql)):
        return NativeSql(sql, native, (), error)
    second = _translated(sql, other, native, binds, inputs)
    if second.error is None or (native is Dialect.DUCKDB and is_clearly_spark(sql)):
        return second
    return NativeSql(sql, native, (), error)


def is_clearly_spark(sql: str) -> bool:
    """Whether a text has words that only Spark knows."""
    return _SPARK_MARKS.search(sql) is not None


_SPARK_MARKS = re.compile(
    r"""\bLATERAL\s+VIEW\b | <=> | \bRLIKE\b | \bDIV\b | \b(?:SORT|CLUSTER|DISTRIBUTE)\s+BY\b
      | \bEXCEPT\s*\(\s*\w+\s*[,)]
      | \bCURRENT_(?:TIMESTAMP|DATE)\s*\(\s*\)
      | \b(?:NVL2?|DATE_FORMAT|TO_DATE|FROM_UNIXTIME|UNIX_TIMESTAMP|COLLECT_LIST|COLLECT_SET
          |EXPLODE|POSEXPLODE|INLINE|ADD_MONTHS|MONTHS_BETWEEN|NEXT_DAY|GET_JSON_OBJECT|NAMED_STRUCT|PERCENTILE_APPROX|PMOD|LOCATE|SIZE)\s*\(
      | \bAS\s+(?:STRING|LONG|BYTE|SHORT)\b""",
    re.VERBOSE | re.IGNORECASE,
)
_DIALECT_MESSAGES = re.compile(
    r"Function with name|Type with name|No function matches|Could not choose a best candidate|lambda arrow"
    r"|UNRESOLVED_ROUTINE|UNSUPPORTED_DATATYPE|DATATYPE_MISMATCH"
)
_NAME_MESSAGES = re.compile(
    r"there is no (?:column|input|table)|is not among|Referenced column|Table with name"
)


def may_be_for_spark_alone(error: SqlError, sql: str, dialect: str) -> bool:
    """Whether DuckDB's error may only mean that it does not know what Spark does: a function, say."""
    if _NAME_MESSAGES.search(f"{error.what} {error.__cause__ or ''}"):
        return False
    return _may_be_dialect(error) or dialect == Dialect.SPARK or is_clearly_spark(sql)


def _may_be_dialect(error: SqlError) -> bool:
    cause = error.__cause__
    if cause is None:
        # Told without asking DuckDB: strings that end elsewhere in Spark look like quotes never closed.
        return "never closed" in error.what or "never opened" in error.what
    return type(cause).__name__ in ("ParserException", "ParseException") or bool(
        _DIALECT_MESSAGES.search(str(cause))
    )


def _translated(
    sql: str,
    source: Dialect,
    target: Dialect,
    binds: Callable[[str], SqlError | None],
    inputs: Mapping[str, Schema | None] | None,
) -> NativeSql:
    try:
        translation = translate(sql, source, target, inputs=inputs, runs=True)
    except SqlError as error:
        return NativeSql(sql, source, (), error)
    refusal = binds(translation.sql)
    if refusal is None:
        return NativeSql(translation.sql, source, translation.warnings)
    # The place is one in the translated text, which nobody has seen.
    return NativeSql(sql, source, translation.warnings, SqlError(refusal.what, fix=refusal.fix))


def _readable(sql: str) -> exp.Expr:
    """The tree of a DuckDB text that is to run on Spark."""
    try:
        return _tree(sql, "duckdb")
    except SqlError as error:
        what = f"the SQL can't be translated for Spark: {error.what}"
        fix = "write it otherwise, or have this step run on DuckDB (engine: pandas)"
        raise SqlError(what, where=error.where, fix=fix, line=error.line, column=error.column) from error


def _tree(sql: str, dialect: object) -> exp.Expr:
    import sqlglot
    from sqlglot.errors import ParseError, SqlglotError

    try:
        statements = sqlglot.parse(sql, dialect=dialect)  # type: ignore[arg-type]
    except ParseError as error:
        found = error.errors[0] if error.errors else {}
        line, column = found.get("line"), found.get("col")
        word = found.get("highlight") or ""
        what = f"SQL can't go on with {word!r} here" if word else "the SQL can't be read"
        where = f"line {line}, column {column}" if line and column else ""
        raise SqlError(
            what, where=where, fix="look at what stands just before it", line=line, column=column
        ) from error
    except SqlglotError as error:
        raise SqlError("the SQL can't be read", fix=str(error).split("\n", 1)[0]) from error
    given = [statement for statement in statements if statement is not None]
    if len(given) != 1:
        what = "there is more than one statement" if given else "the SQL is empty"
        raise SqlError(what, fix="make each statement a step of its own" if given else "write a SELECT")
    return given[0]
