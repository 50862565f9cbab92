"""Batches out of a source that grows: the rows past a watermark.

Rows are put aside as a Parquet file before they are taken, so that a batch is the same however often it is
tried. The rows at the watermark, and as far behind it as late ones may come, are remembered by their hash and
how often each came: so rows of an equal or earlier value that come later are told from those that were taken.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from odibi_core.durations import parse_duration
from odibi_core.errors import OdibiError, SqlError
from odibi_core.schema import literal, quote
from odibi_core.secret_store import Secrets
from odibi_core.step import Step
from odibi_core.streams.batch import Batch
from odibi_core.streams.config import StreamConfig
from odibi_core.streams.ledger import Entry, StreamLedger
from odibi_core.streams.staging import read_step, stage, write_step
from odibi_core.workspace import Workspace

_HASH, _TURN, _AT = "odibi_hash", "odibi_turn", "odibi_at"

_log = logging.getLogger(__name__)


class IncrementalSource:
    """Batches out of a source that grows.

    Args:
        workspace: What paths are relative to.
        config: What the stream is told.
        reader: The step that reads the source.
        ledger: What was taken.
        staged: A folder for the rows that are put aside.
        secrets: Asked for secrets first, before the workspace's providers.
    """

    def __init__(
        self,
        workspace: Workspace,
        config: StreamConfig,
        reader: Step,
        ledger: StreamLedger,
        staged: Path,
        secrets: Secrets | None = None,
    ) -> None:
        if config.watermark_column is None:
            raise OdibiError(
                "mode incremental needs the column that tells how far rows were taken",
                where="stream_config.watermark_column",
                fix="set watermark_column, such as updated_at",
            )
        self._workspace, self._config, self._ledger, self._staged = workspace, config, ledger, staged
        self._secrets = secrets
        self._column, self._reader = config.watermark_column, reader
        self._seen_state: object = None

    def next_batch(self) -> Batch | None:
        """The next batch; None where no row is new."""
        for entry in self._ledger.open_entries():
            return self._batch(entry)
        made = self._put_aside()
        return self._batch(made) if made is not None else None

    def commit(self, batch: Batch, run_id: str) -> None:
        """The rows are where they belong: the watermark moves."""
        self._ledger.commit(batch.key, 1, run_id, is_whole=True)
        for left in self._staged.glob("*.parquet"):
            if left.name not in (f"seen-{batch.number}.parquet",):
                left.unlink(missing_ok=True)

    def fail(self, batch: Batch, run_id: str, why: str) -> None:
        """The batch stays: rows are never left out, so that later ones wait until what is wrong is mended."""
        self._ledger.say(batch.key, run_id, why)

    def waiting(self) -> tuple[int, float]:
        """How many batches are put aside, and for how many seconds."""
        entries = self._ledger.open_entries()
        return len(entries), 0.0

    def wait_s(self) -> float:
        """The interval."""
        return self._config.poll_interval_s

    def watched(self) -> Path | None:
        """Nothing: the source is asked."""
        return None

    def _batch(self, entry: Entry) -> Batch:
        path = self._staged / f"rows-{entry.number}.parquet"
        return Batch(entry.key, entry.number, 0, True, path, {"source_type": "parquet"}, entry.name)

    def _put_aside(self) -> Entry | None:
        """The next rows, put aside and written down; None where there are none."""
        number = self._ledger.next_number()
        state = self._source_state()
        if state is not None and state == self._seen_state:
            return None
        mark = json.loads(self._ledger.mark) if self._ledger.mark else None
        rows, seen = self._staged / f"rows-{number}.parquet", self._staged / f"seen-{number}.parquet"
        self._staged.mkdir(parents=True, exist_ok=True)
        reader = Step(
            "ingest",
            "source",
            "config_op",
            "",
            self._reader.value,
            self._config.params_of(self._reader.params),
            outputs={"data": "source"},
        )
        steps = [reader]
        if mark is not None:
            steps.append(read_step("seen", self._staged / f"seen-{mark['number']}.parquet"))
        inputs = {"source": "source", **({"seen": "seen"} if mark is not None else {})}
        select = Step("transform", "new", "sql", "", self._select(mark), {}, inputs, {"data": "new"})
        try:
            stage(self._workspace, [*steps, select, write_step("put_aside", "new", rows)], self._secrets)
        except SqlError as error:
            # The place in the query says nothing to those who did not write it.
            raise OdibiError(error.what, where=f"watermark_column {self._column!r}", fix=error.fix) from error
        found = self._measure(rows, seen, mark, number)
        if found is None:
            self._seen_state = state
            return None
        return self._ledger.take(
            f"{number:012d}", f"rows up to {found['value']}", slices=1, mark=json.dumps(found)
        )

    def _select(self, mark: dict[str, Any] | None) -> str:
        column = quote(self._column)
        limit = f" LIMIT {self._config.batch_size}" if self._config.batch_size else ""
        order = f" ORDER BY {column}{limit}" if limit else ""
        if mark is None:
            return f"SELECT * FROM source WHERE {column} IS NOT NULL{order}"
        value, floor = _value(mark, "value"), _value(mark, "floor")
        return (
            f"WITH near AS (SELECT s AS row_, {_hash(mark['columns'])} AS {_HASH} FROM source AS s "
            f"WHERE s.{column} >= {floor} AND s.{column} <= {value}), "
            f"turns AS (SELECT row_, {_HASH}, row_number() OVER (PARTITION BY {_HASH}) AS {_TURN} "
            "FROM near), "
            f"late AS (SELECT unnest(row_) FROM turns LEFT JOIN seen USING ({_HASH}) "
            f"WHERE {_TURN} > coalesce(taken, 0)) "
            f"SELECT * FROM (SELECT * FROM late UNION ALL SELECT * FROM source WHERE {column} > {value})"
            f"{order}"
        )

    def _measure(
        self, rows: Path, seen: Path, mark: dict[str, Any] | None, number: int
    ) -> dict[str, Any] | None:
        """Where the watermark stands behind the rows, and what is remembered of them."""
        from odibi_core import late_duckdb as duckdb

        column = quote(self._column)
        with duckdb.connect() as database:
            # As the engine has it: times with a zone are text in the hashes.
            database.execute("SET TimeZone = 'UTC'")
            source = f"read_parquet({literal(str(rows))})"
            count, highest, type_ = database.sql(
                f"SELECT count(*), CAST(max({column}) AS VARCHAR), any_value(typeof({column})) FROM {source}"
            ).fetchall()[0]
            if count == 0:
                return None
            value = f"CAST({literal(highest)} AS {type_})"
            if mark is not None:
                value = f"greatest({value}, {_value(mark, 'value')})"
            floor = self._floor(value, type_)
            if mark is not None:
                # What was taken below the floor is remembered no more, however late rows may come now.
                floor = f"greatest({floor}, {_value(mark, 'floor')})"
            asked = f"SELECT CAST({value} AS VARCHAR), CAST({floor} AS VARCHAR)"
            (told,) = database.execute(asked).fetchall()
            made = {"number": number, "type": type_, "value": told[0], "floor": told[1], "rows": count}
            made["columns"] = [row[:2] for row in database.execute(f"DESCRIBE FROM {source}").fetchall()]
            old = ""
            if mark is not None:
                before = self._staged / f"seen-{mark['number']}.parquet"
                kept = (
                    f"SELECT {_HASH}, taken, {_AT} FROM read_parquet({literal(str(before))})"
                    f" WHERE {_AT} >= {_value(made, 'floor')}"
                )
                if database.execute(f"{kept} LIMIT 1").fetchall():
                    # Rows are told apart by the same columns for as long as old ones are remembered.
                    made["columns"], old = mark["columns"], f"UNION ALL {kept}"
            database.execute(
                f"COPY (SELECT {_HASH}, sum(taken)::BIGINT AS taken, any_value({_AT}) AS {_AT} FROM ("
                f"SELECT {_hash(made['columns'])} AS {_HASH}, 1 AS taken, s.{column} AS {_AT} "
                f"FROM {source} AS s "
                f"WHERE s.{column} >= {_value(made, 'floor')} {old}) GROUP BY {_HASH}) "
                f"TO {literal(str(seen))} (FORMAT parquet)"
            )
        return made

    def _floor(self, value: str, type_: str) -> str:
        lateness = self._config.lateness
        if lateness is None:
            return value
        if type_.startswith(("TIMESTAMP", "DATE")):
            try:
                seconds = parse_duration(lateness if isinstance(lateness, str) else f"{lateness:g}")
            except ValueError as error:
                raise OdibiError(str(error), where="stream_config.lateness") from None
            return f"CAST({value} - INTERVAL '{seconds} seconds' AS {type_})"
        if isinstance(lateness, str):
            raise OdibiError(
                f"the lateness {lateness!r} is a span of time, and {self._column} is {type_}",
                where="stream_config.lateness",
                fix="give a number",
            )
        return f"CAST({value} - {lateness!r} AS {type_})"

    def _source_state(self) -> object:
        """What tells whether a file source changed; None where it must be asked."""
        try:
            path = self._workspace.resolve(str(self._reader.value))
            found = path.stat()
        except (OSError, OdibiError):
            # A URL is no path.
            return None
        # A file that was written just now may be written again within the clock's grain.
        if not path.is_file() or time.time() - found.st_mtime < 2 or self._config.batch_size:
            return None
        return (found.st_ino, found.st_size, found.st_mtime_ns)


def _value(mark: dict[str, Any], name: str) -> str:
    return f"CAST({literal(mark[name])} AS {mark['type']})"


def _hash(columns: Sequence[Sequence[str]]) -> str:
    """SQL for the hash of a row `s`: that of its columns of those names, as text of those types.

    A value that its type can't hold as it is counts as its own text: 3.7 never becomes the 4 that was taken.
    """
    texts = []
    for name, type_ in columns:
        column, text = f"s.{quote(name)}", f"CAST(s.{quote(name)} AS VARCHAR)"
        if type_ not in ("VARCHAR", '"NULL"'):
            cast = f"TRY_CAST({column} AS {type_})"
            # In a struct, for a column of nothing but NULL has a type that nothing can be cast to.
            back = f"cast_to_type(struct_pack(v := {cast}), struct_pack(v := {column}))"
            same = f"{back} IS NOT DISTINCT FROM struct_pack(v := {column})"
            text = f"CASE WHEN {same} THEN CAST({cast} AS VARCHAR) ELSE {text} END"
        texts.append(text)
    return f"md5(CAST(row({', '.join(texts)}) AS VARCHAR))"
