"""What OpenLineage calls the datasets of a run.

By its conventions, so that the datasets of other programs meet them: a file is its path in the namespace
"file", an object its key in that of its bucket, a table its full name in that of its server.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from odibi_core.cloud_connections import CloudConnection, connections_to
from odibi_core.clouds.address import PROVIDERS, is_address, parse_address
from odibi_core.connections import FolderConnection, HttpConnection, ServerConnection
from odibi_core.errors import OdibiError
from odibi_core.formats.base import Options
from odibi_core.journal.record import RunRecord
from odibi_core.parameters import render
from odibi_core.plan.rendering import Values
from odibi_core.workspace import Workspace

Name = tuple[str, str]
"""A dataset's namespace and name."""

_SCHEMES = {"postgresql": "postgres", "sqlserver": "mssql"}
_DEFAULT_SCHEMAS = {"postgresql": "public.", "sqlserver": "dbo.", "mssql": "dbo."}


class DatasetNames:
    """The names of what a run read and wrote.

    Args:
        workspace: Where it ran.
        record: The run.
        namespace: Of datasets between its steps, which no other program can see.
    """

    def __init__(self, workspace: Workspace, record: RunRecord, namespace: str) -> None:
        self._workspace, self._namespace, self._pipeline = workspace, namespace, record.pipeline_name
        self._connections = workspace.load().connections
        self._values = Values.for_run(record.run_id, record.parameters, lambda name: f"${{secret:{name}}}")

    def inner(self, key: str) -> Name:
        """That of a dataset between steps."""
        return self._namespace, f"{self._pipeline}/{key}"

    def source(self, step: Mapping[str, Any]) -> Name | None:
        """That of what a step ingests; None for the result of a query, and where nobody can tell."""
        return self._rendered(step["value"], step["params"])

    def target(self, step: Mapping[str, Any]) -> Name | None:
        """That of what a step wrote; None where it wrote nothing."""
        path = (step["written"] or {}).get("path")
        if path is None:
            return None
        # What was written to a server is told in words for people.
        return self._rendered(step["value"] if self._server(step["params"]) else path, step["params"])

    def _rendered(self, value: Any, params: Mapping[str, Any]) -> Name | None:
        try:
            return self._place(str(render(value, self._values.resolve)), render(params, self._values.resolve))
        except (OdibiError, ValueError):
            return None

    def _place(self, value: str, params: Mapping[str, Any]) -> Name | None:
        table = str(params.get("table") or "")
        if server := self._server(params):
            if params.get("query"):
                return None
            table = table or value
            kind, host, database = server.parts()
            schema = "" if "." in table else _DEFAULT_SCHEMAS.get(kind, "")
            return f"{_SCHEMES.get(kind, kind)}://{host}", f"{database}.{schema}{table}"
        connection = self._connections.get(str(params.get("connection") or ""))
        if isinstance(connection, CloudConnection) or is_address(value):
            return self._object(value, connection)
        if isinstance(connection, HttpConnection) and "://" not in value:
            value = f"{connection.url.rstrip('/')}/{value.lstrip('/')}"
        parts = urlsplit(value)
        if parts.scheme and parts.netloc:
            host = parts.netloc.rpartition("@")[2]
            return f"{parts.scheme}://{host}", parts.path.strip("/") or "/"
        root = self._workspace.root
        if isinstance(connection, FolderConnection):
            root = self._workspace.resolve(connection.path)
        path = (root / Path(value)).as_posix()
        return "file", f"{path}:{table}" if table else path

    def _object(self, value: str, connection: Options | None) -> Name:
        address = parse_address(value) if is_address(value) else None
        if address is not None and connection is None:
            connection = self._connections.get("".join(connections_to(address, self._connections)))
        if isinstance(connection, CloudConnection):
            address = connection.address(value)
        assert address is not None
        place = address.container
        if address.provider == "azure":
            account = getattr(connection, "account_name", "")
            host = address.host or (f"{account}.dfs.core.windows.net" if account else "")
            host = host.replace(".blob.", ".dfs.", 1)
            return f"abfss://{place}@{host}" if host else f"az://{place}", address.key.strip("/") or "/"
        return f"{PROVIDERS[address.provider][0]}://{place}", address.key.strip("/") or "/"

    def _server(self, params: Mapping[str, Any]) -> ServerConnection | None:
        connection = self._connections.get(str(params.get("connection") or ""))
        return connection if isinstance(connection, ServerConnection) else None
