"""What an operation reads or writes on an object store, a server or the web, and how it is reached.

Most runs reach nothing but files of this machine: what the others stand on is loaded where it is needed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from odibi_core.clouds.address import is_address, parse_address
from odibi_core.engines.operations import Scan, Write
from odibi_core.errors import SecretError
from odibi_core.formats.base import Options
from odibi_core.formats.registry import format_named
from odibi_core.parameters import Reference, Resolver
from odibi_core.workspace import Workspace

if TYPE_CHECKING:
    from odibi_core.clouds.account import Account
    from odibi_core.clouds.files import CloudFiles
    from odibi_core.connections import Connection
    from odibi_core.formats.http_client import Service
    from odibi_core.formats.web_files import WebFiles


def is_in_cloud(operation: Scan | Write) -> bool:
    """Whether it is about an object store."""
    return is_address(operation.server)


def is_on_web(operation: Scan | Write) -> bool:
    """Whether it is about a file behind a URL."""
    if not operation.server.startswith(("http://", "https://")):
        return False
    from odibi_core.formats.http_options import HttpReadOptions

    return not isinstance(operation.options, HttpReadOptions)


def kind_of_place(server: str) -> str:
    """What people call the kind of thing that is at an address."""
    if is_address(server):
        return "an object store"
    return "a service" if server.startswith(("http://", "https://")) else "a database server"


def bound_options(
    operation: Scan | Write, connections: Mapping[str, Connection], resolve: Resolver, workspace: Workspace
) -> Options:
    """The options of an operation on a server, with whom to ask and how to log in.

    Raises:
        OdibiError: A secret is missing.
    """
    from odibi_core.connections import ServerConnection
    from odibi_core.formats.http_options import HttpReadOptions
    from odibi_core.formats.servers import ServerReadOptions, ServerWriteOptions

    options, connection = operation.options, connections.get(operation.connection)
    if isinstance(options, HttpReadOptions):
        named = operation.connection
        return options.at(web_service(operation.server, named, connections, resolve, workspace))
    assert isinstance(connection, ServerConnection)
    assert isinstance(options, ServerReadOptions | ServerWriteOptions)
    return options.at(connection.server(resolve))


def web_service(
    url: str,
    connection: str,
    connections: Mapping[str, Connection],
    resolve: Resolver | None,
    workspace: Workspace,
) -> Service:
    """The service of a URL: with the headers and the reach of its connection, or as the workspace allows.

    Raises:
        OdibiError: A secret is missing.
    """
    from odibi_core.connections import HttpConnection
    from odibi_core.formats.http_client import Service

    named = connections.get(connection)
    if isinstance(named, HttpConnection):
        return named.service(resolve or _unknown)
    return Service(url, {}, workspace.load().http.allow_private)


def web_files(
    scan: Scan | Write,
    connections: Mapping[str, Connection],
    resolve: Resolver | None,
    workspace: Workspace,
    scratch: Path,
) -> WebFiles:
    """The operation's format over the service that has its file.

    Raises:
        OdibiError: A secret is missing.
    """
    from odibi_core.formats.web_files import WebFiles

    service = web_service(scan.server, scan.connection, connections, resolve, workspace)
    most = workspace.load().http.max_file_bytes
    return WebFiles(format_named(scan.format), replace(service, url=scan.server), scratch, most)


def cloud_files(
    operation: Scan | Write, connections: Mapping[str, Connection], resolve: Resolver | None, scratch: Path
) -> CloudFiles:
    """The operation's format over the store that it is about.

    Args:
        operation: Of an object store.
        connections: The named connections.
        resolve: Gives the secrets that they refer to.
        scratch: A folder for files that nobody needs after the run.

    Raises:
        OdibiError: The account and the address don't fit, or a secret is missing.
    """
    from odibi_core.clouds.files import CloudFiles
    from odibi_core.clouds.store import Store

    return CloudFiles(
        format_named(operation.format), Store(account_of(operation, connections, resolve)), scratch
    )


def account_of(
    operation: Scan | Write, connections: Mapping[str, Connection], resolve: Resolver | None
) -> Account:
    """How the store is reached: by the program's adapter, by a connection, or as the environment says.

    Raises:
        OdibiError: The account and the address don't fit, or a secret is missing.
    """
    from odibi_core.cloud_connections import CloudConnection
    from odibi_core.clouds.accounts import open_account

    address = parse_address(operation.server)
    if operation.adapter is not None:
        return operation.adapter.account_of(address)
    connection = connections.get(operation.connection)
    if isinstance(connection, CloudConnection):
        return connection.account(resolve or _unknown, address)
    return open_account(address.provider, None, address)


def _unknown(reference: Reference) -> str:
    raise SecretError(
        f"${{{reference.scheme}:{reference.name}}} is looked up in a run alone", fix="run the pipeline"
    )
