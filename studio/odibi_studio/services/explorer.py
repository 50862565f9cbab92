"""Read-only SQL over what pipelines read and write, in the sandbox that previews run in."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from odibi_core.engines.scratch import Scratch
from odibi_core.errors import OdibiError, did_you_mean
from odibi_core.formats.base import Scan as Ready
from odibi_core.formats.base import ScanContext
from odibi_core.formats.registry import format_named
from odibi_core.schema import Schema, literal, quote
from odibi_core.sql.faults import explain_error
from odibi_core.workspace import Workspace
from odibi_studio.sandbox.pool import Sandbox, Stage, StageError, TooMuchError, View
from odibi_studio.services.checking import Checker
from odibi_studio.services.datasets import Dataset, allowed, find_datasets, is_there
from odibi_studio.services.far_data import FarData
from odibi_studio.services.far_needs import Need, needs_of
from odibi_studio.services.fetching import Source, in_time

if TYPE_CHECKING:
    import pyarrow as pa

TIME_LIMIT_S = 15.0
_WORD = re.compile(r"\w+")
_KIND = re.compile(r"^[A-Z]\w* Error: ")
_NO_TABLE = re.compile(r"Table with name (?P<name>.+?) does not exist")


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a query.

    Attributes:
        rows: The rows.
        has_more: Whether there are more than were asked for.
        notes: What a person should know of them.
        elapsed_s: How long it took.
    """

    rows: pa.Table
    has_more: bool
    notes: tuple[str, ...]
    elapsed_s: float


class Explorer:
    """Asks datasets of a workspace.

    Args:
        workspace: Whose pipelines.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._lock = threading.Lock()
        self._sandbox = Sandbox()
        self._checker: Checker | None = None
        self._found: tuple[object, list[Dataset]] | None = None
        self._far = FarData(workspace)

    def close(self) -> None:
        """End the processes, and let go of the databases."""
        self._sandbox.close()
        self._far.close()
        if self._checker is not None:
            self._checker.close()

    def datasets(self) -> list[Dataset]:
        """What pipelines write, then what they only read, each by name.

        Files are there at the moment; no server and no store is asked what it has.
        """
        with self._lock:
            files = self._workspace.pipelines()
            # What connections are called and where they lead is in odibi.toml.
            settings = self._workspace.root / "odibi.toml"
            there = [path for path in (settings, *files) if path.exists()]
            state = tuple((str(path), path.stat().st_mtime_ns) for path in there)
            if self._found is None or self._found[0] != state:
                self._found = (state, find_datasets(self._workspace, self._opened(), files))
            return [one for one in self._found[1] if one.home or is_there(one.path)]

    def columns(self, dataset: Dataset) -> Schema | OdibiError:
        """The columns of a dataset, none where only a query tells them; or why it can't be read."""
        try:
            if dataset.home:
                return self._far.columns(dataset.scan)
            with self._lock:
                return self._opened().probe(dataset.scan, dataset.path)
        except OdibiError as error:
            return error

    def ask(self, sql: str, rows: int) -> Answer:
        """The rows of a SELECT.

        Args:
            sql: The text; it names datasets.
            rows: How many rows at most.

        Raises:
            OdibiError: It is no SELECT, it is wrong, or it needs too long or too much.
        """
        begun = time.perf_counter()
        words = {word.casefold() for word in _WORD.findall(sql)}
        wanted = [one for one in self.datasets() if one.name.casefold() in words]
        near = [one for one in wanted if not one.home]
        sql = _statement(sql)
        scratch = Scratch(self._workspace.scratch, "explore")
        try:
            far, notes = self._fetched(sql, rows, near, [one for one in wanted if one.home], scratch.path)
            try:
                found, told = self._run(sql, rows, near, far, scratch.path, tolerant=False)
            except StageError as error:
                if not _is_malformed(error, near):
                    raise
                found, told = self._run(sql, rows, near, far, scratch.path, tolerant=True)
        except StageError as error:
            schemas = {one.name: schema for one in wanted if isinstance(schema := self.columns(one), Schema)}
            raise _explained(error, sql, schemas, [one.name for one in self.datasets()]) from error
        except TooMuchError as error:
            raise OdibiError(_of_query(error.what), fix=error.fix) from error
        finally:
            scratch.close()
        has_more, seconds = found.num_rows > rows, time.perf_counter() - begun
        return Answer(found.slice(0, rows), has_more, (*notes, *told), seconds)

    def _fetched(
        self, sql: str, rows: int, near: list[Dataset], far: list[Dataset], scratch: Path
    ) -> tuple[list[tuple[View, Schema]], list[str]]:
        """What the query needs of datasets far away, and what a person should know of it."""
        if not far:
            return [], []
        known = {one.name: self._far.columns(one.scan, again=True) for one in far}
        beside = {one.name: schema for one in near if isinstance(schema := self.columns(one), Schema)}
        if all(schema.names for schema in known.values()) and len(beside) == len(near):
            self._check(sql, {**known, **beside})
        files = {one.name: scratch / f"far_{number}.parquet" for number, one in enumerate(far)}
        notes = self._far.fetch(sql, {one.name: one.scan for one in far}, beside, rows + 1, files)
        return [(_view(name, path), known[name]) for name, path in files.items()], notes

    def _check(self, sql: str, schemas: Mapping[str, Schema]) -> None:
        """Raise what is wrong with the SQL, before any rows are asked for."""
        self._sandbox.run(_empty_tables(schemas), [Stage(sql, rows=1)], TIME_LIMIT_S)

    def _run(
        self,
        sql: str,
        rows: int,
        near: list[Dataset],
        far: list[tuple[View, Schema]],
        scratch: Path,
        *,
        tolerant: bool,
    ) -> tuple[pa.Table, list[str]]:
        import duckdb

        views, notes = [view for view, _ in far], list[str]()
        with duckdb.connect(":memory:", config={"threads": "2"}) as database:
            sources: dict[str, tuple[Source, Ready]] = {}
            schemas = {view.name: schema for view, schema in far}
            for number, dataset in enumerate(near):
                name = f"explore_{number}_again" if tolerant else f"explore_{number}"
                source, ready = _source(dataset, ScanContext(database, scratch, tolerant, name)).ready()
                schemas[dataset.name] = ready.schema
                # What an attached database, an object in memory or a copy holds, the sandbox can't reach.
                is_file = ready.sql.startswith("read_") or dataset.scan.format == "csv"
                is_plain = is_file and not ready.views and not ready.tables and str(scratch) not in ready.sql
                if is_plain and not source.context.tolerant:
                    views.append(View(dataset.name, ready.sql, str(allowed(dataset.path))))
                else:
                    sources[dataset.name] = (source, ready)
            needs: dict[str, Need] = {}
            if sources:
                if not far:
                    self._check(sql, schemas)
                wanted = {name: ready.schema for name, (_, ready) in sources.items()}
                others = {name: schema for name, schema in schemas.items() if name not in wanted}
                needs = needs_of(sql, wanted, others, rows + 1)
            for name, (source, ready) in sources.items():
                path = scratch / f"{source.context.name}.parquet"
                with in_time(database, source.where):
                    notes += source.fetch(ready, needs[name], path)
                views.append(_view(name, path))
            (found,) = self._sandbox.run({}, [Stage(sql, rows=rows + 1)], TIME_LIMIT_S, views)
        return found, notes

    def _opened(self) -> Checker:
        self._checker = self._checker or Checker(self._workspace)
        return self._checker


def _empty_tables(schemas: Mapping[str, Schema]) -> dict[str, pa.Table]:
    import duckdb

    def nulls(schema: Schema) -> str:
        return ", ".join(f"CAST(NULL AS {type_}) AS {quote(name)}" for name, type_ in schema)

    with duckdb.connect(":memory:", config={"threads": "1"}) as database:
        return {
            name: database.sql(f"SELECT {nulls(schema)} LIMIT 0").to_arrow_table()
            for name, schema in schemas.items()
        }


def _statement(sql: str) -> str:
    """The one statement of a text, without what ends it; the text where there are more or none."""
    import duckdb

    try:
        found = duckdb.extract_statements(sql)
    except duckdb.Error:
        return sql
    if len(found) != 1:
        return sql
    text = found[0].query
    ends = [place for place, kind in duckdb.tokenize(text) if kind != duckdb.token_type.comment]
    # Its bytes: the places are counted in them.
    raw = text.encode()
    return raw[: ends[-1]].decode() if ends and raw[ends[-1] : ends[-1] + 1] == b";" else text


def _source(dataset: Dataset, context: ScanContext) -> Source:
    format_ = format_named(dataset.scan.format)

    def opened(context: ScanContext) -> Ready:
        return format_.scan(str(dataset.path), dataset.scan.options, context)

    return Source(dataset.name, dataset.place, format_, context, opened)


def _view(name: str, path: Path) -> View:
    """Rows that were fetched."""
    return View(name, f"read_parquet({literal(str(path))})", str(path))


def _is_malformed(error: StageError, wanted: Iterable[Dataset]) -> bool:
    cause = error.cause
    return cause is not None and any(format_named(one.scan.format).is_malformed(cause) for one in wanted)


def _explained(
    error: StageError, sql: str, schemas: Mapping[str, Schema], known: Sequence[str]
) -> OdibiError:
    import duckdb

    if error.cause is None:
        return OdibiError(_of_query(str(error)), fix="ask by one SELECT, of the datasets that are listed")
    text = str(error.cause)
    if table := _NO_TABLE.search(text):
        name = table["name"]
        return OdibiError(f"there is no dataset {name!r}", fix=did_you_mean(name, known))
    if isinstance(error.cause, duckdb.Error) and not isinstance(
        error.cause, duckdb.PermissionException | duckdb.IOException
    ):
        return explain_error(error.cause, sql, schemas)
    return OdibiError(_KIND.sub("", text.partition("\n")[0].strip()))


def _of_query(text: str) -> str:
    """What the sandbox says of a preview, said of a query."""
    return text.replace("preview", "query").replace("the step's inputs", "the datasets")
