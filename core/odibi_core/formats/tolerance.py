"""How much of a source may be unreadable."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from odibi_core.errors import SourceError
from odibi_core.formats.base import LateOptions, Rejected
from odibi_core.model import Field


class BadRows(StrEnum):
    """What happens to rows that can't be read."""

    KEEP_ASIDE = "keep_aside"
    FAIL = "fail"


class TolerantOptions(LateOptions):
    """What formats of text lines share: how much of a source may be unreadable."""

    on_bad_rows: BadRows = Field(
        default=BadRows.KEEP_ASIDE,
        description="What happens to rows that can't be read: keep_aside counts them and writes them to the "
        "run's rejects, fail ends the step.",
    )
    max_bad_rows: int | None = Field(
        default=None,
        ge=0,
        description="More rows than this that can't be read end the step; no limit if empty.",
    )

    @property
    def bad_rows_allowed(self) -> int | None:
        """How many rows may be kept aside; None for any number."""
        return 0 if self.on_bad_rows is BadRows.FAIL else self.max_bad_rows


def check_bad_rows(source: str, rejected: Sequence[Rejected], allowed: int | None, total: int) -> None:
    """Refuse a source in which more rows are malformed than is allowed, or all of them.

    Raises:
        SourceError: Names the first one.
    """
    is_hopeless = bool(rejected) and len(rejected) == total
    if not is_hopeless and (allowed is None or len(rejected) <= allowed):
        return
    first = rejected[0]
    column = f", column {first.column!r}" if first.column else ""
    if is_hopeless:
        raise SourceError(
            f"not one of the {total} rows can be read; "
            f"the first is line {first.line}{column}: {first.reason}",
            where=first.source or source,
            fix="see to the options of the source: its encoding, delimiter and schema",
        )
    limit = f", more than the {allowed} that max_bad_rows allows" if allowed else ""
    raise SourceError(
        f"{len(rejected)} of {total} rows can't be read{limit}; "
        f"the first is line {first.line}{column}: {first.reason}",
        where=first.source or source,
        fix="mend the rows, or set on_bad_rows to 'keep_aside'"
        + (" with a larger max_bad_rows" if allowed else ""),
    )
