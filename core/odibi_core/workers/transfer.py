"""What crosses between a run and its worker processes: tables as Arrow files, everything else as JSON."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from odibi_core import errors
from odibi_core.errors import FunctionError, OdibiError, TransientError

if TYPE_CHECKING:
    import pyarrow as pa

_KIND = "$kind"


def write_table(table: pa.Table, path: Path) -> None:
    """Write a table where another process will map it into its memory.

    Raises:
        TransientError: There is no space, or the folder is gone.
    """
    import pyarrow as pa

    try:
        with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
    except OSError as error:
        raise TransientError(
            f"rows can't be handed to or from a worker process: {error}",
            where=str(path.parent),
            fix="see that the disk has space for the rows of the step",
        ) from error


def read_table(path: Path) -> pa.Table:
    """The table in a file, mapped rather than copied; it stays valid when the file is deleted."""
    import pyarrow as pa

    with pa.memory_map(str(path)) as source, pa.ipc.open_stream(source) as reader:
        return reader.read_all()


def pack_params(params: Mapping[str, Any], function: str) -> dict[str, Any]:
    """Params in values that JSON can hold; `unpack` gives them back with their types.

    Raises:
        FunctionError: One is of a type that can't cross; the error names the param.
    """
    packed = {}
    for name, value in params.items():
        try:
            packed[name] = _pack(value)
        except TypeError as error:
            raise FunctionError(
                f"the param {name!r} of the function {function!r} can't go to a worker process: {error}",
                fix="give texts, numbers, dates, lists and mappings, or call the function in threads",
            ) from None
    return packed


def _pack(value: Any) -> Any:
    match value:
        case None | bool() | int() | float() | str():
            return value
        case list():
            return [_pack(item) for item in value]
        case dict():
            # JSON would turn every key into text.
            return {_KIND: "dict", "value": [[_pack(key), _pack(item)] for key, item in value.items()]}
        case tuple() | set() | frozenset():
            return {_KIND: type(value).__name__, "value": [_pack(item) for item in value]}
        case dt.datetime() | dt.date() | dt.time():
            return {_KIND: type(value).__name__, "value": value.isoformat()}
        case Decimal():
            return {_KIND: "Decimal", "value": str(value)}
    raise TypeError(f"it is a {type(value).__module__}.{type(value).__qualname__}")


def unpack(value: Any) -> Any:
    """A value that `pack_params` packed."""
    if isinstance(value, list):
        return [unpack(item) for item in value]
    if not isinstance(value, dict):
        return value
    content = value["value"]
    match value[_KIND]:
        case "dict":
            return {unpack(key): unpack(item) for key, item in content}
        case "tuple":
            return tuple(unpack(item) for item in content)
        case "set":
            return {unpack(item) for item in content}
        case "frozenset":
            return frozenset(unpack(item) for item in content)
        case "datetime":
            return dt.datetime.fromisoformat(content)
        case "date":
            return dt.date.fromisoformat(content)
        case "time":
            return dt.time.fromisoformat(content)
    return Decimal(content)


def pack_error(error: OdibiError) -> dict[str, Any]:
    """An error in values that JSON can hold."""
    return {
        "type": type(error).__name__,
        "what": error.what,
        "where": error.where,
        "fix": error.fix,
        "retry_after_s": getattr(error, "retry_after_s", None),
    }


def unpack_error(packed: Mapping[str, Any]) -> OdibiError:
    """The error that a worker process raised: of its own type where the core has it."""
    kind = getattr(errors, packed["type"], None)
    if not (isinstance(kind, type) and issubclass(kind, OdibiError)) or kind is errors.PipelineInvalidError:
        kind = FunctionError
    error: OdibiError = kind(packed["what"], where=packed["where"], fix=packed["fix"])
    if isinstance(error, TransientError):
        error.retry_after_s = packed["retry_after_s"]
    return error
