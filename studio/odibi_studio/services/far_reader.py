"""What a worker process reads of servers and stores: it alone knows the secrets, and runs no SQL of a person.

The functions here are called in that process. What they take and give crosses between processes.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from odibi_core.connections import Connection
from odibi_core.engines.operations import Scan
from odibi_core.engines.places import bound_options, cloud_files, is_in_cloud
from odibi_core.engines.scratch import Scratch
from odibi_core.errors import OdibiError
from odibi_core.formats.base import Options, ScanContext
from odibi_core.formats.base import Scan as Ready
from odibi_core.formats.registry import format_named
from odibi_core.plan.rendering import Values
from odibi_core.plan.server_columns import ServerColumns
from odibi_core.schema import Schema
from odibi_core.secret_providers.chain import open_providers
from odibi_core.secret_store import Redactor, SecretStore
from odibi_core.workspace import Workspace
from odibi_studio.services.far_needs import needs_of
from odibi_studio.services.fetching import Source

if TYPE_CHECKING:
    import pyarrow as pa

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
    files: dict[str, str],
) -> pa.Table:
    """What a person should know of the rows that a query needs; they are in Parquet files then.

    Args:
        root: The workspace.
        sql: The query, which is planned here and runs elsewhere.
        scans: Name in the query → how it is read.
        near: The columns of the other datasets that it asks.
        rows: How many rows of its result are wanted.
        most: How many rows are read of a dataset at most.
        files: Name in the query → the file to be.

    Raises:
        OdibiError: One can't be read.
    """
    import duckdb
    import pyarrow as pa

    with _Login(root) as login, duckdb.connect(":memory:", config=_CONFIG) as database:
        database.execute("SET TimeZone = 'UTC'")
        try:
            sources: dict[str, tuple[Source, Ready]] = {}
            for number, (name, told) in enumerate(scans.items()):
                context = ScanContext(database, login.path, False, f"far_{number}")
                sources[name] = _source(name, _unpacked(told), login, context).ready()
            schemas = {name: Schema.of([(c, t) for c, t in columns]) for name, columns in near.items()}
            far = {name: ready.schema for name, (_, ready) in sources.items()}
            needs = needs_of(sql, far, schemas, rows)
            notes = [
                note
                for name, (source, ready) in sources.items()
                for note in source.fetch(ready, needs[name], Path(files[name]), most)
            ]
        except OdibiError as error:
            raise login.redactor.error(error) from None
    return pa.table({"note": pa.array(notes, pa.string())})


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


def _source(name: str, scan: Scan, login: _Login, context: ScanContext) -> Source:
    """A dataset far away."""

    def opened(context: ScanContext) -> Ready:
        if is_in_cloud(scan):
            files = cloud_files(scan, login.connections, login.values.resolve, login.path)
            return files.scan(scan.server, scan.options, context)
        options = bound_options(scan, login.connections, login.values.resolve, login.workspace)
        return format_named(scan.format).scan(scan.server, options, context)

    return Source(name, scan.server, format_named(scan.format), context, opened)


def _unpacked(told: Mapping[str, Any]) -> Scan:
    options: Options = format_named(told["format"]).read_options.model_validate(told["options"])
    return Scan(told["source"], told["format"], options, told["connection"], told["server"])
