"""Arrow's schemas in DuckDB's words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from odibi_core.errors import SourceError
from odibi_core.schema import Schema

if TYPE_CHECKING:
    import pyarrow as pa
    from duckdb import DuckDBPyConnection


def duckdb_schema(schema: pa.Schema, cursor: DuckDBPyConnection) -> Schema:
    """The columns of an Arrow schema, as DuckDB spells their types."""
    relation = cursor.from_arrow(schema.empty_table())
    return Schema.of(zip(relation.columns, map(str, relation.types), strict=True))


def with_unit(field: pa.Field, unit: str) -> pa.Field:
    """The field with its timestamps, those inside it too, in a unit; a time zone is called UTC."""
    return field.with_type(_with_unit(field.type, unit))


def _with_unit(kind: pa.DataType, unit: str) -> pa.DataType:
    import pyarrow as pa

    if pa.types.is_timestamp(kind):
        return pa.timestamp(unit, kind.tz and "UTC")
    if pa.types.is_struct(kind):
        return pa.struct([with_unit(inner, unit) for inner in kind])
    if pa.types.is_map(kind):
        return pa.map_(_with_unit(kind.key_type, unit), with_unit(kind.item_field, unit))
    if pa.types.is_list(kind):
        return pa.list_(with_unit(kind.value_field, unit))
    return kind


def united_schema(schemas: Mapping[str, pa.Schema]) -> pa.Schema:
    """The columns of all files together, matched by name.

    Args:
        schemas: File → its columns.

    Raises:
        SourceError: A column has types that nothing holds.
    """
    import pyarrow as pa

    whole = pa.schema([])
    for path, found in schemas.items():
        try:
            whole = pa.unify_schemas([whole, found], promote_options="permissive")
        except pa.ArrowException as error:
            raise SourceError(
                f"its columns are not those of the files before it: {error}",
                where=path,
                fix="read it in a step of its own",
            ) from error
    return whole


def with_folders(schema: pa.Schema, partitions: Mapping[str, str]) -> pa.Schema:
    """The columns, and those that the folders' names hold, which come last."""
    import pyarrow as pa

    kinds = {"BIGINT": pa.int64(), "DATE": pa.date32()}
    inner = [field for field in schema if field.name not in partitions]
    return pa.schema([*inner, *((name, kinds.get(t, pa.string())) for name, t in sorted(partitions.items()))])


def aligned(batch: pa.RecordBatch, schema: pa.Schema, values: Mapping[str, str | None]) -> pa.RecordBatch:
    """A batch with the columns of the whole: null where it lacks one.

    Args:
        batch: Rows of one file.
        schema: The columns of all files.
        values: What the folders' names say.
    """
    import pyarrow as pa

    arrays = []
    for field in schema:
        if field.name in values:
            value = pa.scalar(values[field.name], pa.string()).cast(field.type)
            arrays.append(pa.repeat(value, batch.num_rows))
        elif field.name in batch.schema.names:
            arrays.append(batch.column(field.name).cast(field.type))
        else:
            arrays.append(pa.nulls(batch.num_rows, field.type))
    return pa.RecordBatch.from_arrays(arrays, schema=schema)
