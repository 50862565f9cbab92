"""Read-only SQL over what pipelines read and write, in the sandbox that previews run in."""

from __future__ import annotations

import re
import threading
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from odibi_core.design.yaml_form import load_yaml
from odibi_core.engines.operations import Scan, Write
from odibi_core.engines.scratch import Scratch
from odibi_core.errors import OdibiError, SourceError
from odibi_core.formats.base import ScanContext
from odibi_core.formats.registry import format_named
from odibi_core.schema import Schema
from odibi_core.text_file import write_text_file
from odibi_core.workspace import Workspace
from odibi_studio.sandbox.pool import Sandbox, Stage, StageError, TooMuchError, View
from odibi_studio.services.checking import Checker

if TYPE_CHECKING:
    import pyarrow as pa
    from duckdb import DuckDBPyConnection

TIME_LIMIT_S = 15.0
MOST_LOADED = 500_000
"""How many rows are read of a source that DuckDB can't read by itself."""
_WORD = re.compile(r"\w+")
_GLOB = re.compile(r"[*?\[]")


@dataclass(frozen=True, slots=True)
class Dataset:
    """Something that SQL can ask.

    Attributes:
        name: How SQL names it.
        place: Where it is, relative to the workspace where it lies there.
        scan: How it is read.
        path: Where it is.
        written_by: The pipelines that write it; none of a mere source.
        read_by: The pipelines that read it.
    """

    name: str
    place: str
    scan: Scan
    path: Path
    written_by: tuple[str, ...]
    read_by: tuple[str, ...]


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

    def close(self) -> None:
        """End the processes, and let go of the databases."""
        self._sandbox.close()
        if self._checker is not None:
            self._checker.close()

    def datasets(self) -> list[Dataset]:
        """What pipelines write, then what they only read, as far as it is there, each by name."""
        with self._lock:
            files = self._workspace.pipelines()
            state = tuple((str(path), path.stat().st_mtime_ns) for path in files)
            if self._found is None or self._found[0] != state:
                self._found = (state, self._look(files))
            return [one for one in self._found[1] if _is_there(one.path)]

    def columns(self, dataset: Dataset) -> Schema | OdibiError:
        """The columns of a dataset, or why it can't be read."""
        with self._lock:
            try:
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
        try:
            found, notes = self._run(sql, rows, wanted, tolerant=False)
        except StageError as error:
            if not _is_malformed(error, wanted):
                raise _explained(error, [one.name for one in self.datasets()]) from error
            try:
                found, notes = self._run(sql, rows, wanted, tolerant=True)
            except StageError as again:
                raise _explained(again, [one.name for one in self.datasets()]) from again
        has_more = found.num_rows > rows
        return Answer(found.slice(0, rows), has_more, tuple(notes), time.perf_counter() - begun)

    def _run(
        self, sql: str, rows: int, wanted: Iterable[Dataset], *, tolerant: bool
    ) -> tuple[pa.Table, list[str]]:
        import duckdb

        views: list[View] = []
        tables: dict[str, pa.Table] = {}
        notes: list[str] = []
        scratch = Scratch(self._workspace.scratch, "explore")
        try:
            with duckdb.connect(":memory:", config={"threads": "2"}) as database:
                for number, dataset in enumerate(wanted):
                    context = ScanContext(database, scratch.path, tolerant, f"explore_{number}")
                    given = _given(dataset, context, notes)
                    if isinstance(given, View):
                        views.append(given)
                    else:
                        tables[dataset.name] = given
                sql = _statement(database, sql)
                (found,) = self._sandbox.run(tables, [Stage(sql, rows=rows + 1)], TIME_LIMIT_S, views)
        except TooMuchError as error:
            raise OdibiError(_of_query(error.what), fix=error.fix) from error
        finally:
            scratch.close()
        return found, notes

    def _opened(self) -> Checker:
        self._checker = self._checker or Checker(self._workspace)
        return self._checker

    def _look(self, files: Iterable[Path]) -> list[Dataset]:
        found: dict[tuple[str, str], Dataset] = {}
        for file in files:
            try:
                look = self._opened().look(load_yaml(file))
            except OdibiError:
                continue
            for node in look.survey.ports.nodes.values():
                operation = node.operation
                if not isinstance(operation, Scan | Write) or operation.server:
                    continue
                try:
                    path = look.surroundings.place(operation)
                    self._add(found, operation, path, file.stem)
                except OdibiError:
                    continue
        return _named(found.values())

    def _add(
        self, found: dict[tuple[str, str], Dataset], operation: Scan | Write, path: Path, pipeline: str
    ) -> None:
        table = getattr(operation.options, "table", None)
        key = (str(path), str(table or ""))
        is_written = isinstance(operation, Write)
        known = found.get(key)
        if known is None:
            root = self._workspace.root
            place = path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)
            known = Dataset(str(table or _stem(path)), place, _scan_of(operation), path, (), ())
        elif not is_written and not known.read_by:
            # Who reads it says best how it is read.
            known = replace(known, scan=_scan_of(operation))
        if is_written:
            known = replace(known, written_by=tuple(dict.fromkeys([*known.written_by, pipeline])))
        else:
            known = replace(known, read_by=tuple(dict.fromkeys([*known.read_by, pipeline])))
        found[key] = known


def _statement(database: DuckDBPyConnection, sql: str) -> str:
    """The one statement of a text, without what ends it; the text where there are more or none."""
    import duckdb

    try:
        found = database.extract_statements(sql)
    except duckdb.Error:
        return sql
    if len(found) != 1:
        return sql
    text = found[0].query
    ends = [place for place, kind in duckdb.tokenize(text) if kind != duckdb.token_type.comment]
    # Its bytes: the places are counted in them.
    raw = text.encode()
    return raw[: ends[-1]].decode() if ends and raw[ends[-1] : ends[-1] + 1] == b";" else text


def _given(dataset: Dataset, context: ScanContext, notes: list[str]) -> View | pa.Table:
    """A dataset as the sandbox gets it: its files where DuckDB reads them by itself, else its rows.

    Args:
        dataset: The dataset.
        context: How it is read; what is malformed is read tolerantly in any case.
        notes: Takes what a person should know of the rows.

    Raises:
        SourceError: It can't be read.
    """
    import duckdb

    format_ = format_named(dataset.scan.format)
    try:
        ready = format_.scan(str(dataset.path), dataset.scan.options, context)
        # What an attached database or an object in memory holds, the sandbox can't reach.
        if not context.tolerant and ready.sql.startswith("read_") and not ready.views and not ready.tables:
            return View(dataset.name, ready.sql, str(_allowed(dataset.path)))
        for view, rows in ready.views.items():
            context.cursor.register(view, rows)
        head = f"SELECT * FROM {ready.sql} LIMIT {MOST_LOADED + 1}"
        table = context.cursor.sql(head).to_arrow_table()
    except (duckdb.Error, SourceError) as error:
        cause = error if isinstance(error, duckdb.Error) else error.__cause__
        if not context.tolerant and isinstance(cause, Exception) and format_.is_malformed(cause):
            return _given(dataset, replace(context, tolerant=True, name=f"{context.name}_again"), notes)
        if isinstance(error, SourceError):
            raise
        raise SourceError(str(error).partition("\n")[0], where=dataset.place) from error
    rejected = len(ready.rejects()) if ready.rejects is not None else 0
    if rejected:
        notes.append(f"{rejected:,} rows of {dataset.name} can't be read and are left out")
    if table.num_rows > MOST_LOADED:
        notes.append(f"of {dataset.name} only the first {MOST_LOADED:,} rows were asked")
    return table.slice(0, MOST_LOADED)


def _scan_of(operation: Scan | Write) -> Scan:
    if isinstance(operation, Scan):
        return operation
    format_ = format_named(operation.format)
    table = getattr(operation.options, "table", None)
    options = format_.read_options(table=table) if table else format_.read_options()
    return Scan(operation.target, operation.format, options, operation.connection)


def _named(found: Iterable[Dataset]) -> list[Dataset]:
    """The datasets in order, each with a name of its own: that of its folder tells two of one name apart."""
    ordered = sorted(found, key=lambda one: (not one.written_by, one.name.casefold(), one.place))
    words = Counter(_word(one.name) for one in ordered)
    taken: Counter[str] = Counter()
    named = []
    for one in ordered:
        word = _word(one.name)
        if words[word] > 1:
            word = _word(f"{one.path.parent.name}_{one.name}")
        taken[word] += 1
        named.append(replace(one, name=word if taken[word] == 1 else f"{word}_{taken[word]}"))
    return named


def _word(text: str) -> str:
    word = re.sub(r"\W+", "_", text).strip("_").lower() or "data"
    return f"t_{word}" if word[0].isdigit() else word


def _stem(path: Path) -> str:
    name = path.name if not _GLOB.search(path.name) else path.parent.name
    return name.partition(".")[0]


def _is_there(path: Path) -> bool:
    return _allowed(path).exists()


def _allowed(path: Path) -> Path:
    """The file, or the folder that holds what a pattern means."""
    while _GLOB.search(str(path)):
        path = path.parent
    return path


def _is_malformed(error: StageError, wanted: Iterable[Dataset]) -> bool:
    cause = error.cause
    return cause is not None and any(format_named(one.scan.format).is_malformed(cause) for one in wanted)


def _explained(error: StageError, known: list[str]) -> OdibiError:
    if error.cause is None:
        return OdibiError(_of_query(str(error)), fix="ask by one SELECT, of the datasets that are listed")
    text = str(error.cause)
    what = text.partition("\n")[0].strip()
    what = re.sub(r"^[A-Z]\w* Error: ", "", what)
    place = re.search(r"LINE (\d+):", text)
    fix = "" if "Table with name" not in text else f"the datasets are {', '.join(known[:20])}"
    return OdibiError(what, where=f"line {place[1]}" if place else "", fix=fix)


def _of_query(text: str) -> str:
    """What the sandbox says of a preview, said of a query."""
    return text.replace("preview", "query").replace("the step's inputs", "the datasets")


def saved_queries(workspace: Workspace) -> Mapping[str, str]:
    """Name → SQL, for each file in queries/."""
    folder = workspace.root / "queries"
    found = {}
    for path in sorted(folder.glob("*.sql")) if folder.is_dir() else ():
        try:
            found[path.stem] = path.read_text("utf-8", errors="replace")
        except OSError:
            continue
    return found


def save_query(workspace: Workspace, name: str, sql: str) -> Path:
    """The file of a query, `queries/NAME.sql`; one of that name is replaced.

    Raises:
        OdibiError: It is no name, or the file can't be written.
    """
    if not re.fullmatch(r"\w[\w.-]{0,99}", name):
        raise OdibiError(
            f"{name!r} can't be the name of a query",
            fix="take letters, digits, '_', '-' and '.', such as sales_by_month",
        )
    return write_text_file(workspace.root / "queries" / f"{name}.sql", sql.rstrip() + "\n")
