"""Steps whose value is on an object store: a URL, or a path inside a connection to one."""

from __future__ import annotations

from typing import Any

from odibi_core.clouds.address import Address, is_address, parse_address
from odibi_core.engines.operations import Reaching
from odibi_core.errors import OdibiError, Problem
from odibi_core.late_dataclass import dataclass
from odibi_core.nodes.base import Known
from odibi_core.step import Step

ADAPTER = "cloud_adapter"


@dataclass(frozen=True, slots=True)
class CloudPlace:
    """Where on an object store a step reads or writes.

    Attributes:
        address: The place.
        connection: The connection that leads there; "" for none.
        adapter: The program's own way there.
    """

    address: Address
    connection: str
    adapter: Reaching | None


def without_adapter(step: Step) -> tuple[dict[str, Any], Reaching | None, list[Problem]]:
    """The step's params but for the adapter, the adapter, and what is wrong with it."""
    params = dict(step.params)
    adapter = params.pop(ADAPTER, None)
    if adapter is None or hasattr(adapter, "account_of"):
        return params, adapter, []
    what = f"a cloud adapter is an object that CloudAdapter.create(…) gives, not {type(adapter).__name__}"
    fix = "name a connection in its place: connection: my_storage"
    return params, None, [Problem(what, step.name, f"params.{ADAPTER}", fix)]


def cloud_place(
    step: Step, connection: str | None, connections: Known, adapter: Reaching | None
) -> tuple[CloudPlace | None, list[Problem]]:
    """Where on an object store the step reads or writes, None where it doesn't, and what is wrong.

    Args:
        step: The step.
        connection: The connection that it names.
        connections: The named connections; None where they are not known.
        adapter: The adapter that it names.
    """
    named = (connections or {}).get(connection or "")
    is_url = is_address(step.value)
    if named is None and not is_url and adapter is None:
        return None, []
    from odibi_core.cloud_connections import CloudConnection, connections_to

    if not isinstance(named, CloudConnection) and not (is_url and (not connection or connections is None)):
        if adapter is not None and not is_url:
            what = "the adapter is for object stores, and the value is no URL of one"
            return None, [Problem(what, step.name, "value", "write a URL such as abfss://… or s3://…")]
        if is_url and connection:
            what = f"the connection {connection!r} leads to no object store"
            return None, [Problem(what, step.name, "params.connection", "leave it out, or name another one")]
        return None, []
    if not isinstance(step.value, str):
        what = "the value must be a path inside the connection, or a URL"
        return None, [Problem(what, step.name, "value", "give it as text")]
    try:
        if isinstance(named, CloudConnection):
            return CloudPlace(named.address(step.value), connection or "", adapter), []
        address = parse_address(step.value)
    except OdibiError as error:
        return None, [Problem(error.what, step.name, "value", error.fix)]
    found = [] if adapter is not None else connections_to(address, connections or {})
    if len(found) > 1:
        what = f"the connections {' and '.join(map(repr, found))} both lead there"
        return None, [Problem(what, step.name, "value", "name one of them in params.connection")]
    return CloudPlace(address, "".join(found), adapter), []
