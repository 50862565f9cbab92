"""The columns of tables on servers and of objects: asked for by a run, and remembered for others.

While a pipeline is edited or validated, no server and no store is reached: what the last run or preview saw
is taken.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from odibi_core.engines.operations import Scan
from odibi_core.engines.places import bound_options, cloud_files, is_in_cloud, is_on_web, web_files
from odibi_core.formats.registry import format_named
from odibi_core.plan.rendering import Values
from odibi_core.schema import Schema
from odibi_core.workspace import Workspace

if TYPE_CHECKING:
    from odibi_core.connections import Connection


class ServerColumns:
    """What is known of the columns of server tables and objects in a workspace.

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
        from odibi_core.connections import HttpConnection, ServerConnection

        path = self._workspace.root / ".odibi" / "columns" / f"{_key(scan)}.json"
        connection = self._connections.get(scan.connection)
        can_ask = is_in_cloud(scan) or isinstance(connection, ServerConnection | HttpConnection)
        can_ask = can_ask or not scan.connection
        if not self._values.has_secrets or not can_ask:
            try:
                return Schema.of([(str(name), str(type_)) for name, type_ in json.loads(path.read_text())])
            except (OSError, ValueError, TypeError):
                return None
        from odibi_core import late_duckdb as duckdb

        with duckdb.connect(":memory:", config={"threads": "1"}) as cursor:
            if is_in_cloud(scan):
                scratch = self._workspace.scratch
                files = cloud_files(scan, self._connections, self._values.resolve, scratch)
                schema = files.probe(scan.server, scan.options, cursor)
            elif is_on_web(scan):
                web = web_files(
                    scan, self._connections, self._values.resolve, self._workspace, self._workspace.scratch
                )
                schema = web.probe(scan.server, scan.options, cursor)
            else:
                options = bound_options(scan, self._connections, self._values.resolve, self._workspace)
                schema = format_named(scan.format).probe(scan.server, options, cursor)
        if schema is None:
            return None
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
