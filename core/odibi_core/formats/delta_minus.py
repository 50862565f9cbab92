"""Partitions of negative decimals, which delta-rs writes as no reader reads them: -1.50 becomes `-1.-50`.

A table with one of them in its log can't be opened any more, so such a write never begins. Files that DuckDB
makes are entered in the log with the values as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from odibi_core.errors import TargetError
from odibi_core.formats.base import Target

if TYPE_CHECKING:
    import pyarrow as pa
    from deltalake import DeltaTable

_PART = "partition."


def minus_finder(target: Target, by: Sequence[str]) -> Callable[[pa.RecordBatch], None]:
    """What raises a TargetError for rows of which a partition column is a negative decimal.

    Args:
        target: Where they would be written.
        by: The partition columns.
    """

    def look(batch: pa.RecordBatch) -> None:
        import pyarrow as pa
        import pyarrow.compute as pc

        for name in by:
            column = batch.column(name) if name in batch.schema.names else None
            if column is None or not pa.types.is_decimal(column.type):
                continue
            least = pc.min(column).as_py()
            if least is not None and least < 0:
                raise TargetError(
                    f"delta-rs can't write the negative decimal {least} of the partition column {name!r}",
                    where=target.where,
                    fix="partition by another column, or by a text; append to a table on this machine's "
                    "disk, or overwrite it whole",
                )

    return look


def look_at_partitions(table: DeltaTable, look: Callable[[pa.RecordBatch], None]) -> None:
    """Look at the values of the partitions that a table has."""
    import pyarrow as pa

    if not table.metadata().partition_columns:
        return
    actions = pa.table(table.get_add_actions(flatten=True))
    kept = [name for name in actions.column_names if name.startswith(_PART)]
    told = actions.select(kept).rename_columns([name.removeprefix(_PART) for name in kept])
    for batch in told.to_batches():
        look(batch)
