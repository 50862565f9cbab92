"""The SQL of a step, as Spark takes it."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING

from odibi_core.engines.operations import Query
from odibi_core.engines.spark.views import Views
from odibi_core.errors import SqlError, did_you_mean
from odibi_core.schema import Schema
from odibi_core.sql.compose import Dialect
from odibi_core.sql.dialect import native_sql, translate
from odibi_core.sql.statement import read_statement

if TYPE_CHECKING:
    from pyspark.errors import PySparkException
    from pyspark.sql import DataFrame, SparkSession

_COLUMN = re.compile(r"name `(?P<name>.+?)` cannot be resolved")
_NEAR = re.compile(r"Did you mean one of the following\? \[(?P<names>.*?)\]")
_UNTRANSLATED = "it can't be translated from DuckDB's SQL, so it runs as Spark reads it"
_CONDITION = re.compile(r"^\[[A-Z0-9_.]+\]\s*")
_STATE = re.compile(r"\s*SQLSTATE: \w+.*", re.DOTALL)


class Queries:
    """Makes frames of the queries of steps.

    Args:
        spark: The session.
        prefix: Begins the names of the views that this run makes.
    """

    def __init__(self, spark: SparkSession, prefix: str) -> None:
        self._spark, self._prefix = spark, prefix
        self._names = Views(spark)
        self._views: dict[int, tuple[str, DataFrame]] = {}
        self._lock = threading.Lock()

    def frame(
        self, query: Query, inputs: Mapping[str, DataFrame], schemas: Mapping[str, Schema]
    ) -> tuple[DataFrame, tuple[str, ...]]:
        """The frame of a step's query, which has not run yet, and what may come out otherwise than meant.

        Args:
            query: The query.
            inputs: Alias → frame.
            schemas: Alias → its columns, which decide where the dialects part.

        Raises:
            SqlError: Spark takes it in neither dialect.
        """
        views = {alias: self._view(frame) for alias, frame in inputs.items()}
        made: dict[str, DataFrame] = {}

        def fails(sql: str, *, names_views: bool = False) -> SqlError | None:
            from pyspark.errors import PySparkException

            try:
                made[sql] = self._spark.sql(sql if names_views else _composed(sql, views))
                # Spark Connect looks at a query only when it is asked.
                _ = made[sql].schema
            except SqlError as error:
                return error
            except PySparkException as error:
                return explain_analysis(error)
            return None

        if query.dialect == Dialect.DUCKDB:
            translation = translate(
                query.sql, Dialect.DUCKDB, Dialect.SPARK, inputs=schemas, runs=True, views=views
            )
            error = fails(translation.sql, names_views=translation.names_views)
            if error is None:
                return made[translation.sql], translation.warnings
            if fails(query.sql) is None:
                return made[query.sql], (_UNTRANSLATED,)
            raise error
        native = native_sql(query.sql, query.dialect, engine="spark", binds=fails, inputs=schemas)
        if native.error is not None:
            raise native.error
        return made[native.sql], native.warnings

    def close(self) -> None:
        """Forget the views."""
        for name, _ in self._views.values():
            self._names.forget(name)
        self._views.clear()

    def _view(self, frame: DataFrame) -> str:
        """A name for a frame that no other has: another query may run at the same time."""
        with self._lock:
            if id(frame) not in self._views:
                name = f"{self._prefix}_{len(self._views) + 1}"
                self._names.keep(name, frame)
                self._views[id(frame)] = name, frame
            return self._views[id(frame)][0]


def explain_analysis(error: PySparkException) -> SqlError:
    """What Spark says against a query, as a person would say it."""
    text = str(error)
    column = _COLUMN.search(text)
    if column:
        name = column["name"].replace("`", "")
        near = _NEAR.search(text)
        offered = near["names"].split(",") if near else []
        names = [item.strip().rpartition(".")[2].strip("`") for item in offered]
        told = SqlError(f"there is no column {name!r}", fix=did_you_mean(name.rpartition(".")[2], names))
    else:
        told = SqlError(f"Spark can't run the SQL: {plain_message(text)}")
    told.__cause__ = error
    return told


def plain_message(text: str) -> str:
    """The first sentence of an error of Spark's, without its codes."""
    first = _STATE.sub("", _CONDITION.sub("", text.strip())).strip().splitlines()
    return first[0].rstrip(" .") if first else "it gave no reason"


def _composed(sql: str, views: Mapping[str, str]) -> str:
    try:
        text = read_statement(sql).text
    except SqlError:
        # A quote behind a backslash ends no text in Spark.
        text = sql.strip().rstrip(";")
    if not views:
        return text
    inputs = ", ".join(f"{_quoted(alias)} AS (SELECT * FROM {name})" for alias, name in views.items())
    # The text may begin with a WITH of its own, and end with a comment.
    return f"WITH {inputs}\nSELECT * FROM (\n{text}\n)"


def _quoted(name: str) -> str:
    return f"`{name.replace('`', '``')}`"
