"""The columns that a SQL step gives, found by binding it against empty typed inputs. No data is touched."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from odibi_core.bound_columns import bound_columns
from odibi_core.errors import SqlError
from odibi_core.late_dataclass import dataclass
from odibi_core.schema import Schema, quote
from odibi_core.sql.compose import Dialect, SqlStep, compose, region_clause
from odibi_core.sql.reach import reads_inputs_alone
from odibi_core.sql.spare import give_back, take_database
from odibi_core.sql.statement import read_statement

if TYPE_CHECKING:
    import duckdb
    from duckdb import DuckDBPyConnection
    from duckdb.sqltypes import DuckDBPyType

# The struct of every step's columns costs a join in the query that binds them all: the cost a step grows with
# their number, and this many is where it is least.
_STEPS_AT_ONCE = 12
_SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    "threads": "1",
    "memory_limit": "256MB",
    "temp_directory": "",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "python_enable_replacements": "false",
}

_LOADS_NOTHING = ("autoinstall_known_extensions", "autoload_known_extensions", "python_enable_replacements")

_RENAMED = re.compile(r"(.*)_\d+$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class BoundStep:
    """What binding a step told.

    Attributes:
        sql: The step's SQL as DuckDB takes it.
        schema: The columns; None where there is an error, an input's schema is unknown, or only the data tell
            (`PIVOT … ON` without `IN`).
        error: Why the step can't run.
        warnings: What may come out otherwise than meant, because the SQL was translated.
    """

    sql: str
    schema: Schema | None = None
    error: SqlError | None = None
    warnings: tuple[str, ...] = ()


class Binder:
    """Binds SQL over one private database that can reach no file and no network. Threads may share it.

    Args:
        borrows: Whether the first steps are bound on the database that the run will use, where their words
            say that they reach for nothing. Most processes plan once, and to open a second database takes
            18 ms of CPU.
    """

    def __init__(self, *, borrows: bool = False) -> None:
        self._connection: DuckDBPyConnection | None = None
        self._borrows = borrows
        self._lock = threading.RLock()

    def bind(self, sql: str, inputs: Mapping[str, Schema]) -> Schema | None:
        """The columns that the step gives; None where only the data tell (`PIVOT … ON` without `IN`).

        Args:
            sql: The text of the step, in DuckDB's dialect.
            inputs: Alias → schema.

        Raises:
            SqlError: The text is not one SELECT, or it does not fit the inputs.
        """
        read_statement(sql)
        _check_inputs(inputs)
        with self._lock:
            return self._bind(sql, inputs)

    def bind_all(self, steps: Sequence[SqlStep], known: Mapping[str, Schema | None]) -> dict[str, BoundStep]:
        """What binding each step told, by the step's name: every failing step has its error.

        A step downstream of one that failed has an unknown schema and no error of its own, unless its text is
        wrong whatever the inputs are.

        Args:
            steps: In an order in which each comes after those that make its inputs.
            known: Dataset key → schema of what no step here makes; None where it is unknown.
        """
        schemas, bound = dict(known), {}
        with self._lock, self._shared(steps) as database:
            for some in _in_bulks(steps):
                together = self._bind_together(some, schemas, database)
                for step in some:
                    result = together.get(step.name) or self._bind_step(step, schemas)
                    bound[step.name] = result
                    schemas[step.output] = result.schema
        return bound

    def close(self) -> None:
        """Let go of the database."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _database(self) -> DuckDBPyConnection:
        if self._connection is None:
            from odibi_core import late_duckdb as duckdb

            connection = duckdb.connect(":memory:", config=_SETTINGS)
            connection.execute("PRAGMA disable_optimizer")
            connection.execute("SET errors_as_json = true")
            connection.execute("SET enable_external_access = false")
            connection.execute("SET lock_configuration = true")
            self._connection = connection
        return self._connection

    @contextmanager
    def _shared(self, steps: Sequence[SqlStep]) -> Iterator[DuckDBPyConnection | None]:
        """The database that the run will use, once and for steps that reach for nothing; else None."""
        borrows, self._borrows = self._borrows, False
        if not borrows or not all(reads_inputs_alone(step.sql, step.inputs) for step in steps):
            yield None
            return
        database = take_database({"threads": "1"})
        try:
            # A type that DuckDB doesn't know would have it look for an extension.
            with _settings_changed(database, _LOADS_NOTHING):
                yield database
        finally:
            give_back(database)

    def _bind_together(
        self,
        steps: Sequence[SqlStep],
        known: Mapping[str, Schema | None],
        shared: DuckDBPyConnection | None,
    ) -> dict[str, BoundStep]:
        """All of the steps by one query; nothing where one of them needs a closer look."""
        from odibi_core import late_duckdb as duckdb

        made = {step.output for step in steps}
        outside = {key for step in steps for key in step.inputs.values() if key not in made}
        relations = {key: _relation(schema) for key in outside if (schema := known.get(key))}
        if len(relations) < len(outside) or any(step.dialect is Dialect.SPARK for step in steps):
            return {}
        if shared is None and len(steps) < 2:
            return {}
        try:
            clause, names = region_clause(steps, relations)
            query = f"{clause} SELECT {', '.join(names)} FROM {', '.join(names)}"
            columns = _columns_of(shared or self._database(), query)
        except (SqlError, duckdb.Error):
            return {}
        if columns is None:
            return {}
        bound = {}
        for step, (_, type_) in zip(steps, columns, strict=True):
            schema = Schema(tuple((name, str(child)) for name, child in type_.children))
            if _may_hide_duplicates(schema.names):
                return {}
            bound[step.name] = BoundStep(step.sql, schema)
        return bound

    def _bind_step(self, step: SqlStep, known: Mapping[str, Schema | None]) -> BoundStep:
        from odibi_core.sql.dialect import native_sql

        inputs = {alias: known.get(key) for alias, key in step.inputs.items()}
        schemas: dict[str, Schema | None] = {}

        def fails(sql: str) -> SqlError | None:
            try:
                read_statement(sql)
                _check_inputs(inputs)
                certain = {alias: schema for alias, schema in inputs.items() if schema is not None}
                if len(certain) < len(inputs):
                    self._parse(sql, inputs)
                    schemas[sql] = None
                else:
                    schemas[sql] = self._bind(sql, certain)
            except SqlError as error:
                return error
            return None

        native = native_sql(step.sql, step.dialect, binds=fails, inputs=inputs)
        return BoundStep(native.sql, schemas.get(native.sql), native.error, native.warnings)

    def _bind(self, sql: str, inputs: Mapping[str, Schema]) -> Schema | None:
        from odibi_core import late_duckdb as duckdb

        try:
            query = compose({alias: _relation(s) for alias, s in inputs.items()}, sql)
            columns = _columns_of(self._database(), query)
        except duckdb.Error as error:
            raise self._explain(error, sql, inputs) from error
        if columns is None:
            self._check_pivot(sql, inputs)
            return None
        schema = Schema.of((name, str(type_)) for name, type_ in columns)
        if _may_hide_duplicates(schema.names):
            names = self._names_alone(sql, inputs)
            _check_names(names)
        return schema

    def _parse(self, sql: str, inputs: Mapping[str, Schema | None]) -> None:
        from odibi_core import late_duckdb as duckdb

        try:
            self._database().extract_statements(sql)
        except duckdb.Error as error:
            from odibi_core.sql.faults import explain_error

            raise explain_error(error, sql, inputs) from error

    def _explain(self, error: duckdb.Error, sql: str, inputs: Mapping[str, Schema]) -> SqlError:
        """The error of the text alone, whose positions are the author's; else that of the whole query."""
        try:
            self._check_alone(sql, inputs)
        except SqlError as better:
            return better
        from odibi_core.sql.faults import explain_error

        return explain_error(error, sql, inputs)

    def _check_pivot(self, sql: str, inputs: Mapping[str, Schema]) -> None:
        try:
            self._check_alone(sql, inputs)
        except SqlError as error:
            # The values of no rows make no columns, and a table without columns is an error to DuckDB.
            if "list is empty after resolving" not in error.what:
                raise

    def _check_alone(self, sql: str, inputs: Mapping[str, Schema]) -> None:
        from odibi_core import late_duckdb as duckdb

        prefix = "PREPARE step AS "
        with self._views(inputs) as database:
            try:
                database.execute(prefix + read_statement(sql).text)
                database.execute("DEALLOCATE step")
            except duckdb.Error as error:
                from odibi_core.sql.faults import explain_error

                raise explain_error(error, sql, inputs, prefix=prefix) from error

    def _names_alone(self, sql: str, inputs: Mapping[str, Schema]) -> list[str]:
        """The output names as the author wrote them: inside a query, DuckDB renames the second of a name."""
        with self._views(inputs) as database:
            return [name for name, _ in bound_columns(database, read_statement(sql).text)]

    @contextmanager
    def _views(self, inputs: Mapping[str, Schema]) -> Iterator[DuckDBPyConnection]:
        """The database with each input as a view, so that the author's text can stand alone in it."""
        database = self._database()
        database.begin()
        try:
            for alias, schema in inputs.items():
                database.execute(f"CREATE TEMP VIEW {quote(alias)} AS FROM {_relation(schema)}")
            yield database
        finally:
            database.rollback()


@contextmanager
def _settings_changed(database: DuckDBPyConnection, names: Sequence[str]) -> Iterator[None]:
    """The settings are off meanwhile, and then as they were when the database was opened."""
    for name in names:
        database.execute(f"SET GLOBAL {name} = false")
    try:
        yield
    finally:
        for name in names:
            database.execute(f"RESET GLOBAL {name}")


def _columns_of(database: DuckDBPyConnection, query: str) -> list[tuple[str, DuckDBPyType]] | None:
    """The query's columns; None where DuckDB would look at the data before it knows the columns."""
    from odibi_core import late_duckdb as duckdb

    (statement,) = database.extract_statements(query)
    if statement.type == duckdb.StatementType.MULTI:
        return None
    return bound_columns(database, statement)


def _relation(schema: Schema) -> str:
    columns = ", ".join(f"NULL::{type_} AS {quote(name)}" for name, type_ in schema)
    return f"(SELECT {columns})"


def _in_bulks(steps: Sequence[SqlStep]) -> Iterator[Sequence[SqlStep]]:
    for start in range(0, len(steps), _STEPS_AT_ONCE):
        yield steps[start : start + _STEPS_AT_ONCE]


def _may_hide_duplicates(names: Sequence[str]) -> bool:
    """Whether a name looks like what DuckDB makes of the second column of a name: "id", "id_1"."""
    folded = [name.casefold() for name in names]
    taken = set(folded)
    return len(taken) < len(folded) or any(
        (match := _RENAMED.match(name)) and match[1] in taken for name in folded
    )


def _check_names(names: Sequence[str]) -> None:
    folded = Counter(name.casefold() for name in names)
    twice = [name for name in dict.fromkeys(names) if folded[name.casefold()] > 1]
    if not twice:
        return
    shown = ", ".join(repr(name) for name in twice)
    verb = "comes" if len(twice) == 1 else "come"
    raise SqlError(
        f"{shown} {verb} out more than once",
        fix=f"name one of them otherwise (… AS {twice[0]}_2), leave it out (* EXCLUDE …), "
        f"or join with USING ({twice[0]})",
    )


def _check_inputs(inputs: Mapping[str, Schema | None]) -> None:
    folded: dict[str, str] = {}
    for alias, schema in inputs.items():
        other = folded.setdefault(alias.casefold(), alias)
        if other != alias:
            raise SqlError(
                f"the inputs {other!r} and {alias!r} are one name in SQL, whatever their case",
                fix="rename one of them",
            )
        if schema is not None and not schema:
            raise SqlError(f"the input {alias!r} has no columns", fix="look at the step that makes it")
