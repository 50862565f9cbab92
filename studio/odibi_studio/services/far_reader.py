"""What a worker process reads of servers and stores: it alone knows the secrets, and runs no SQL of a person.

The functions here are called in that process. What they take and give crosses between processes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from odibi_core.connections import Connection
from odibi_core.engines.duckdb.fragment import Fragment
from odibi_core.engines.duckdb.pushdown import Pushdown
from odibi_core.engines.operations import Scan
from odibi_core.engines.places import bound_options, cloud_files, is_in_cloud
from odibi_core.engines.scratch import Scratch
from odibi_core.errors import OdibiError, SourceError
from odibi_core.formats.base import Options, ScanContext
from odibi_core.formats.base import Scan as Ready
from odibi_core.formats.registry import format_named
from odibi_core.plan.rendering import Values
from odibi_core.plan.server_columns import ServerColumns
from odibi_core.schema import Schema, quote
from odibi_core.secret_providers.chain import open_providers
from odibi_core.secret_store import Redactor, SecretStore
from odibi_core.workspace import Workspace
from odibi_studio.services.far_needs import Need, needs_of

if TYPE_CHECKING:
    import pyarrow as pa

NOTE = b"odibi_note"
"""Where a table's metadata say what a person should know of its rows."""

_CONFIG: dict[str, Any] = {
    "threads": "2",
    "python_enable_replacements": "false",
    "autoinstall_known_extensions": "false",
}


def packed(scan: Scan) -> dict[str, Any]:
    """A scan as it crosses between processes."""
    options = scan.options.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return {
        "source": scan.source,
        "format": scan.format,
        "options": options,
        "connection": scan.connection,
        "server": scan.server,
    }


def read_columns(root: str, scan: dict[str, Any]) -> pa.Table:
    """The columns of something far away: a row for each, of its name and type; none where only reading tells.

    Raises:
        OdibiError: It can't be read.
    """
    import pyarrow as pa

    with _Login(root) as login:
        try:
            schema = ServerColumns(login.workspace, login.connections, login.values).ask(_unpacked(scan))
        except OdibiError as error:
            raise login.redactor.error(error) from None
    columns = list(schema or ())
    return pa.table(
        {
            "name": pa.array([name for name, _ in columns], pa.string()),
            "type": pa.array([type_ for _, type_ in columns], pa.string()),
        }
    )


def read_rows(
    root: str,
    sql: str,
    scans: dict[str, dict[str, Any]],
    near: dict[str, list[list[str]]],
    rows: int,
    most: int,
) -> dict[str, pa.Table]:
    """Of each dataset far away what a query needs: its rows, and all its columns, empty where nobody looks.

    Args:
        root: The workspace.
        sql: The query, which is planned here and runs elsewhere.
        scans: Name in the query → how it is read.
        near: The columns of the other datasets that it asks.
        rows: How many rows of its result are wanted.
        most: How many rows are read of a dataset at most.

    Raises:
        OdibiError: One can't be read.
    """
    import duckdb

    with _Login(root) as login, duckdb.connect(":memory:", config=_CONFIG) as database:
        database.execute("SET TimeZone = 'UTC'")
        try:
            sources = {}
            for number, (name, told) in enumerate(scans.items()):
                context = ScanContext(database, login.path, False, f"far_{number}")
                sources[name] = _Source(name, _unpacked(told), login, context)
            ready = {name: source.ready() for name, source in sources.items()}
            schemas = {name: Schema.of([(c, t) for c, t in columns]) for name, columns in near.items()}
            needs = needs_of(sql, {name: scan.schema for name, scan in ready.items()}, schemas, rows)
            return {name: source.rows(ready[name], needs[name], most) for name, source in sources.items()}
        except OdibiError as error:
            raise login.redactor.error(error) from None


class _Login:
    """Who asks: the connections of a workspace and their secrets, as they are at the moment."""

    def __init__(self, root: str) -> None:
        self.workspace = Workspace.find(root)
        settings = self.workspace.load()
        self.connections: Mapping[str, Connection] = settings.connections
        self.redactor = Redactor()
        providers = open_providers(settings.secrets, self.workspace.root)
        store = SecretStore(redactor=self.redactor, providers=providers)
        self.values = Values.for_run("explore", {}, store.resolve)

    def __enter__(self) -> _Login:
        self._scratch = Scratch(self.workspace.scratch, "explore")
        self.path = self._scratch.path
        return self

    def __exit__(self, *_: object) -> None:
        self._scratch.close()


@dataclass(frozen=True, slots=True)
class _Source:
    """A dataset far away."""

    name: str
    scan: Scan
    login: _Login
    context: ScanContext

    def ready(self) -> Ready:
        """The dataset, ready to be read."""
        login, scan = self.login, self.scan
        if is_in_cloud(scan):
            files = cloud_files(scan, login.connections, login.values.resolve, login.path)
            return files.scan(scan.server, scan.options, self.context)
        options = bound_options(scan, login.connections, login.values.resolve, login.workspace)
        return format_named(scan.format).scan(scan.server, options, self.context)

    def rows(self, ready: Ready, need: Need, most: int) -> pa.Table:
        """The rows that are needed."""
        import duckdb

        format_ = format_named(self.scan.format)
        try:
            return self._read(ready, need, most)
        except (duckdb.Error, OdibiError) as error:
            cause = error if isinstance(error, duckdb.Error) else error.__cause__
            if not self.context.tolerant and isinstance(cause, Exception) and format_.is_malformed(cause):
                context = replace(self.context, tolerant=True, name=f"{self.context.name}_again")
                again = replace(self, context=context)
                # Only reading all columns shows which rows are malformed.
                return again.rows(again.ready(), Need(), most)
            if isinstance(error, OdibiError):
                raise
            told = format_.explain_read_error(error, self.scan.server)
            if isinstance(told, OdibiError):
                raise told from error
            raise SourceError(str(error).partition("\n")[0], where=self.scan.server) from error

    def _read(self, ready: Ready, need: Need, most: int) -> pa.Table:
        cursor, name = self.context.cursor, quote(self.context.name)
        columns = ", ".join(
            quote(column)
            if need.columns is None or column in need.columns
            else f"CAST(NULL AS {type_}) AS {quote(column)}"
            for column, type_ in ready.schema
        )
        where = f" WHERE {need.condition}" if need.condition else ""
        limit = min(most + 1, need.rows if need.rows is not None else most + 1)
        result = quote(f"{self.context.name}_result")
        asked = f"SELECT {columns} FROM {name}{where} LIMIT {limit}"
        query = Fragment(result, {name: f"SELECT * FROM {ready.sql}", result: asked}, ready.views)
        pushdown = Pushdown(cursor, [ready] if ready.narrow else [])
        table = pushdown.narrowed(query).run(cursor).to_arrow_table()
        notes = []
        rejected = len(ready.rejects()) if ready.rejects is not None else 0
        if rejected:
            notes.append(f"{rejected:,} rows of {self.name} can't be read and are left out")
        if table.num_rows > most:
            notes.append(f"of {self.name} only the first {most:,} rows were asked")
        return table.slice(0, most).replace_schema_metadata({NOTE: "\n".join(notes).encode()})


def _unpacked(told: Mapping[str, Any]) -> Scan:
    options: Options = format_named(told["format"]).read_options.model_validate(told["options"])
    return Scan(told["source"], told["format"], options, told["connection"], told["server"])
