"""Avro's types in Arrow's terms, and the other way round."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from odibi_core.errors import SourceError, TargetError
from odibi_core.late_dataclass import dataclass
from odibi_core.schema import Schema

if TYPE_CHECKING:
    import pyarrow as pa

_COLUMN = "column"
"""The property of a field that holds the column's name where Avro allows no such name."""

_NUMBERS = {"int": 0, "long": 1, "float": 2, "double": 3}


_PLAIN = ("boolean", "int", "long", "float", "double", "string", "bytes")


@dataclass(frozen=True, slots=True)
class Column:
    """A field of the outermost record.

    Attributes:
        field: Its name in the file.
        name: Its name as a column.
        type: Its type.
        is_uuid: Whether its texts are UUIDs.
        has_uuids: Whether it is one, or holds some.
        stored: The type of its bare values, with null allowed or not, where it is a simple one; else None.
        is_in_ms: Whether its numbers count milliseconds.
    """

    field: str
    name: str
    type: pa.DataType
    is_uuid: bool
    has_uuids: bool
    stored: Any
    is_in_ms: bool


def read_columns(schema: Any, path: str) -> list[Column]:
    """The columns of a file.

    Args:
        schema: Its schema, spelled out.
        path: The file, for errors.

    Raises:
        SourceError: It holds no records, or a field has a type that a column can't have.
    """
    if not isinstance(schema, dict) or schema.get("type") != "record" or not schema["fields"]:
        raise SourceError(
            "the file holds no records with fields",
            where=path,
            fix="write its values as records with a field",
        )
    columns = []
    for field in schema["fields"]:
        inner = _without_null(field["type"], field["name"], path)
        logical = inner.get("logicalType", "") if isinstance(inner, dict) else ""
        columns.append(
            Column(
                field["name"],
                field.get(_COLUMN, field["name"]),
                _arrow_type(inner, field["name"], path),
                is_uuid=logical == "uuid" and inner["type"] == "string",
                has_uuids="'uuid'" in str(inner),
                stored=_bare(field["type"], logical),
                is_in_ms=logical.endswith("-millis"),
            )
        )
    return columns


def _without_null(kind: Any, name: str, path: str) -> Any:
    """A type without null."""
    if not isinstance(kind, list):
        return kind
    rest = [branch for branch in kind if branch != "null"]
    if len(rest) < 2:
        return rest[0] if rest else "null"
    if all(isinstance(branch, str) and branch in _NUMBERS for branch in rest):
        widest = max(rest, key=_NUMBERS.__getitem__)
        return "double" if widest in ("float", "double") else widest
    raise SourceError(
        f"the field {name!r} may be of several types: {', '.join(map(_word, rest))}",
        where=path,
        fix="write it with one type, or with one field for each",
    )


def _word(kind: Any) -> str:
    return str(kind["type"] if isinstance(kind, dict) else kind)


def _bare(kind: Any, logical: str) -> Any:
    """The type as one without a meaning beyond its bare values, or None where it is no simple one."""
    if logical == "decimal" or logical.endswith("-nanos"):
        return None
    if not isinstance(kind, list):
        return word if (word := _word(kind)) in _PLAIN else None
    words = [_word(branch) for branch in kind]
    is_simple = (
        len(words) == 2 and words.count("null") == 1 and all(word in (*_PLAIN, "null") for word in words)
    )
    return words if is_simple else None


def _arrow_type(kind: Any, name: str, path: str) -> pa.DataType:
    import pyarrow as pa

    simple: dict[str, pa.DataType] = {
        "null": pa.null(),
        "boolean": pa.bool_(),
        "int": pa.int32(),
        "long": pa.int64(),
        "float": pa.float32(),
        "double": pa.float64(),
        "string": pa.string(),
        "bytes": pa.binary(),
        "enum": pa.string(),
        "fixed": pa.binary(),
    }
    logical: dict[str, pa.DataType] = {
        "date": pa.date32(),
        "time-millis": pa.time64("us"),
        "time-micros": pa.time64("us"),
        "timestamp-millis": pa.timestamp("us", "UTC"),
        "timestamp-micros": pa.timestamp("us", "UTC"),
        "local-timestamp-millis": pa.timestamp("us"),
        "local-timestamp-micros": pa.timestamp("us"),
        "timestamp-nanos": pa.timestamp("ns", "UTC"),
        "local-timestamp-nanos": pa.timestamp("ns"),
    }
    if isinstance(kind, str):
        kind = {"type": kind}
    if kind.get("logicalType") == "decimal":
        if kind["precision"] > 38:
            raise SourceError(
                f"the field {name!r} is a decimal of {kind['precision']} digits, more than 38",
                where=path,
                fix="write it as text",
            )
        return pa.decimal128(kind["precision"], kind.get("scale", 0))
    if kind.get("logicalType") in logical:
        return logical[kind["logicalType"]]

    def inside(inner: Any, inner_name: str) -> pa.DataType:
        return _arrow_type(_without_null(inner, inner_name, path), inner_name, path)

    match kind["type"]:
        case "array":
            return pa.list_(inside(kind["items"], f"{name}[]"))
        case "map":
            return pa.map_(pa.string(), inside(kind["values"], f"{name}[]"))
        case "record":
            return pa.struct(
                [
                    (field["name"], inside(field["type"], f"{name}.{field['name']}"))
                    for field in kind["fields"]
                ]
            )
    if kind["type"] not in simple:
        raise SourceError(
            f"the field {name!r} is a record that holds its own kind: {_word(kind)}",
            where=path,
            fix="write it as text",
        )
    return simple[kind["type"]]


def written_schema(columns: Schema, schema: pa.Schema, path: Path) -> dict[str, Any]:
    """The schema of a new file; every value may be null.

    Args:
        columns: The columns, as DuckDB spells their types.
        schema: The same, as the batches have them.
        path: The file, for errors.

    Raises:
        TargetError: Avro can't hold a column.
    """
    numbers = count(1)
    fields = []
    taken: set[str] = set()
    for (name, type_), field in zip(columns, schema, strict=True):
        inner = _avro_type(field.type, name, path, numbers)
        if type_ == "UUID":
            inner = {"type": "string", "logicalType": "uuid"}
        allowed = _allowed_name(name, taken)
        taken.add(allowed)
        fields.append(
            {"name": allowed, "type": ["null", inner], **({} if allowed == name else {_COLUMN: name})}
        )
    return {"type": "record", "name": "row", "fields": fields}


def bare_types(schema: dict[str, Any]) -> list[str] | None:
    """The bare type of each field in a schema that was made here; None where one is no simple one."""
    bare = []
    for field in schema["fields"]:
        inner = field["type"][1]
        bare.append(_bare(field["type"], inner.get("logicalType", "") if isinstance(inner, dict) else ""))
    return None if None in bare else [words[1] for words in bare]


def _allowed_name(name: str, taken: set[str]) -> str:
    allowed = re.sub(r"[^A-Za-z0-9_]", "_", name)
    allowed = f"_{allowed}" if not allowed or allowed[0].isdigit() else allowed
    others = (f"{allowed}_{place}" for place in count(2))
    return next(full for full in chain([allowed], others) if full not in taken)


def _avro_type(kind: pa.DataType, name: str, path: Path, numbers: Iterator[int]) -> Any:
    import pyarrow as pa

    is_ = pa.types
    if is_.is_list(kind):
        return {"type": "array", "items": ["null", _avro_type(kind.value_type, name, path, numbers)]}
    if is_.is_map(kind):
        if not is_.is_string(kind.key_type):
            raise TargetError(
                f"column {name!r} has a map whose keys are no texts, which Avro can't hold",
                where=str(path),
                fix="cast it in a step before, such as to MAP(VARCHAR, …)",
            )
        return {"type": "map", "values": ["null", _avro_type(kind.item_type, name, path, numbers)]}
    if is_.is_struct(kind):
        number = next(numbers)
        fields = [
            {
                "name": _checked_name(field.name, name, path),
                "type": ["null", _avro_type(field.type, f"{name}.{field.name}", path, numbers)],
            }
            for field in kind
        ]
        return {"type": "record", "name": f"record{number}", "fields": fields}
    return _simple_type(kind)


def _checked_name(field: str, column: str, path: Path) -> str:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", field):
        raise TargetError(
            f"column {column!r} has a field {field!r} inside it, a name that Avro doesn't allow",
            where=str(path),
            fix="rename it in a step before; letters, digits and _ are allowed",
        )
    return field


def _simple_type(kind: pa.DataType) -> Any:
    import pyarrow as pa

    is_ = pa.types
    if is_.is_decimal(kind):
        return {"type": "bytes", "logicalType": "decimal", "precision": kind.precision, "scale": kind.scale}
    if is_.is_timestamp(kind):
        return {"type": "long", "logicalType": "timestamp-micros" if kind.tz else "local-timestamp-micros"}
    kinds: list[tuple[Any, Any]] = [
        (is_.is_boolean, "boolean"),
        (is_.is_int32, "int"),
        (is_.is_integer, "long"),
        (is_.is_float32, "float"),
        (is_.is_floating, "double"),
        (is_.is_binary, "bytes"),
        (is_.is_date, {"type": "int", "logicalType": "date"}),
        (is_.is_time, {"type": "long", "logicalType": "time-micros"}),
    ]
    return next((word for is_kind, word in kinds if is_kind(kind)), "string")
