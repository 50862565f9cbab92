"""The files of a Delta table as Arrow reads them, with what its log says of their values.

delta-rs tells Arrow the same in its own way, in which a value that the log lacks becomes an end that no row
meets, an end that the log has rounded counts as exact, and partitions of negative decimals can't be read.
Rows were left out by filters for the first two reasons, so what is told is worked out here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from odibi_core.formats.delta_table import arrow_schema

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.dataset as ds
    from deltalake import DeltaTable

_MS_IN_US = 1000


def open_dataset(table: DeltaTable, source: str) -> ds.Dataset:
    """The rows of a table that is its files: columns reach them, and a filter skips those that hold none."""
    import pyarrow.dataset as ds
    from pyarrow.fs import LocalFileSystem, SubTreeFileSystem

    # delta-rs's own file system calls back into Python from Arrow's threads: that was seen to abort a
    # process that ends right after a read.
    filesystem = SubTreeFileSystem(source, LocalFileSystem())
    form = ds.ParquetFileFormat(default_fragment_scan_options=ds.ParquetFragmentScanOptions(pre_buffer=True))
    schema = arrow_schema(table)
    fragments = [
        form.make_fragment(path, filesystem=filesystem, partition_expression=told)
        for path, told in _files(table, schema)
    ]
    return ds.FileSystemDataset(fragments, schema, form, filesystem)


def _files(table: DeltaTable, schema: pa.Schema) -> Iterator[tuple[str, ds.Expression]]:
    """The path of each file, and what every row of it meets."""
    import pyarrow as pa
    import pyarrow.compute as pc

    actions = pa.table(table.get_add_actions(flatten=True))
    partitions = table.metadata().partition_columns
    columns = [field for field in schema if field.name not in partitions and _is_exact(field.type)]
    for row, path in enumerate(actions.column("path").to_pylist()):
        whole = pc.scalar(True)
        for name in partitions:
            value = actions.column(f"partition.{name}")[row].cast(schema.field(name).type)
            whole &= pc.field(name) == value if value.is_valid else pc.field(name).is_null()
        for field in columns:
            ends = _ends(actions, field, row)
            if ends is not None:
                whole &= ends
        yield unquote(path), whole


def _is_exact(kind: pa.DataType) -> bool:
    """Whether the log's ends are ends of all values of a type.

    Floating-point numbers have NaN beyond their greatest, decimals are rounded to doubles.
    """
    import pyarrow as pa

    is_ = pa.types
    is_number = is_.is_integer(kind) or (is_.is_decimal(kind) and kind.precision <= 15)
    return bool(is_number or is_.is_date(kind) or is_.is_string(kind) or is_.is_timestamp(kind))


def _ends(actions: pa.Table, field: pa.Field, row: int) -> Any:
    """Between which values those of a column lie in one file; None where the log does not say."""
    import pyarrow as pa
    import pyarrow.compute as pc

    names = [f"{part}.{field.name}" for part in ("min", "max", "null_count")]
    if not set(names) <= set(actions.column_names):
        return None
    least, most, nulls = (actions.column(name)[row] for name in names)
    if not least.is_valid or not most.is_valid or least.type != field.type:
        return None
    if pa.types.is_timestamp(field.type):
        # The log has milliseconds, rounded down.
        most = pa.scalar(most.value + _MS_IN_US - 1, field.type)
    column = pc.field(field.name)
    between = (column >= least) & (column <= most)
    return between if nulls.is_valid and nulls.as_py() == 0 else between | column.is_null()
