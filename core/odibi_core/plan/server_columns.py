"""The columns of tables on servers: asked for by a run, and remembered for whoever has no secrets.

While a pipeline is edited or validated, no server is reached: what the last run or preview saw is taken.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress

from odibi_core.connections import Connection, ServerConnection
from odibi_core.engines.operations import Scan
from odibi_core.formats.registry import format_named
from odibi_core.plan.rendering import Values
from odibi_core.schema import Schema
from odibi_core.workspace import Workspace


class ServerColumns:
    """What is known of the columns of server tables in a workspace.

    Args:
        workspace: Where they are remembered.
        connections: The named connections.
        values: Gives the secrets, where there are any.
    """

    def __init__(self, workspace: Workspace, connections: Mapping[str, Connection], values: Values) -> None:
        self._workspace, self._connections, self._values = workspace, connections, values

    def ask(self, scan: Scan) -> Schema | None:
        """The columns of a table or query; None where they are not known.

        Raises:
            OdibiError: The server refuses, or can't be reached.
        """
        path = self._workspace.root / ".odibi" / "columns" / f"{_key(scan)}.json"
        connection = self._connections.get(scan.connection)
        if not self._values.has_secrets or not isinstance(connection, ServerConnection):
            try:
                return Schema.of([(str(name), str(type_)) for name, type_ in json.loads(path.read_text())])
            except (OSError, ValueError, TypeError):
                return None
        import duckdb

        options = scan.options.at(connection.server(self._values.resolve))  # type: ignore[attr-defined]
        with duckdb.connect(":memory:", config={"threads": "1"}) as cursor:
            schema = format_named(scan.format).probe(scan.server, options, cursor)
        # A workspace that can't be written only forgets.
        with suppress(OSError):
            (self._workspace.state / "columns").mkdir(exist_ok=True)
            draft = path.with_suffix(".tmp")
            draft.write_text(json.dumps([list(column) for column in schema]), encoding="utf-8")
            draft.replace(path)
        return schema


def _key(scan: Scan) -> str:
    named = json.dumps([scan.server, scan.options.model_dump(mode="json")], sort_keys=True)
    return hashlib.sha256(named.encode()).hexdigest()
