"""Arrow batches that a library reads, as a source that DuckDB may read as often as it likes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from odibi_core.errors import SourceError, TransientError

if TYPE_CHECKING:
    import pyarrow as pa

_TOLD = re.compile(r"odibi-source-error(\{.*?\})odibi-end", re.DOTALL)


class BatchSource:
    """A stream of batches that is opened anew by each query, and read no further than the query goes.

    Attributes:
        schema: Of the batches.

    Args:
        schema: Of the batches.
        batches: Opens the source; what it raises on purpose is a SourceError or a TransientError.
    """

    def __init__(self, schema: pa.Schema, batches: Callable[[], Iterator[pa.RecordBatch]]) -> None:
        self.schema, self._batches = schema, batches

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        """The protocol by which DuckDB takes the batches."""
        import pyarrow as pa

        reader = pa.RecordBatchReader.from_batches(self.schema, self._told())
        return reader.__arrow_c_stream__(requested_schema)

    def _told(self) -> Iterator[pa.RecordBatch]:
        try:
            yield from self._batches()
        except (SourceError, TransientError) as error:
            raise telling(error) from error


def telling(error: SourceError | TransientError) -> ValueError:
    """An error whose text, all that DuckDB hands on from inside a query, `told_error` understands."""
    kind = "transient" if isinstance(error, TransientError) else "source"
    parts = {"kind": kind, "what": error.what, "where": error.where, "fix": error.fix}
    return ValueError(f"odibi-source-error{json.dumps(parts)}odibi-end")


def told_error(error: Exception) -> SourceError | TransientError | None:
    """The error that a `BatchSource` raised on purpose inside a query, or None where it was another one."""
    match = _TOLD.search(str(error))
    if match is None:
        return None
    parts = json.loads(match[1])
    kind = TransientError if parts.pop("kind") == "transient" else SourceError
    return kind(**parts)
