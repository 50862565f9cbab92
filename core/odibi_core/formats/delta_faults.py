"""What goes wrong while a Delta table is written, as errors that say what and how to mend it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

from odibi_core.errors import OdibiError, TargetError
from odibi_core.formats import atomic
from odibi_core.formats.base import Target
from odibi_core.formats.delta_rows import Stream
from odibi_core.formats.delta_table import Remote, committed_meanwhile, first_line, unknown_features

if TYPE_CHECKING:
    from deltalake import DeltaTable

_CONSTRAINT = "delta.constraints."
_GENERATED = "delta.generationExpression"


def rules_of(table: DeltaTable, condition: str | None = None) -> list[str]:
    """What the new rows of a table must meet, in words."""
    fields = json.loads(table.schema().to_json())["fields"]
    settings = table.metadata().configuration
    told = [f"replace_where is {condition}"] if condition else []
    told += [f"{field['name']!r} is never null" for field in fields if not field["nullable"]]
    told += [
        f"{field['name']!r} is {field['metadata'][_GENERATED]}"
        for field in fields
        if _GENERATED in field["metadata"]
    ]
    told += [
        f"{key.removeprefix(_CONSTRAINT)}: {value}"
        for key, value in settings.items()
        if key.startswith(_CONSTRAINT)
    ]
    return told


@contextmanager
def explained_target(
    target: Target, batches: Stream | None = None, remote: Remote | None = None, rules: Sequence[str] = ()
) -> Iterator[None]:
    """Turn what delta-rs raises into the errors of a target; what its source raised passes as it was.

    Args:
        target: Where it writes.
        batches: What it reads.
        remote: Where the table is, if not on this machine.
        rules: What the table asks of its rows.
    """
    from deltalake.exceptions import CommitFailedError

    from odibi_core import late_duckdb as duckdb

    try:
        with atomic.explained(target.path) if remote is None else nullcontext():
            yield
    except (OdibiError, duckdb.Error):
        raise
    except Exception as error:
        if batches is not None:
            batches.close()
            if batches.error is not None:
                raise batches.error from None
        if unknown := unknown_features(error):
            raise TargetError(
                f"the table asks its writers for {unknown}, which delta-rs does not know yet",
                where=target.where,
                fix="let who keeps it drop that feature (ALTER TABLE … DROP FEATURE), or write another table",
            ) from error
        if "append-only" in str(error):
            raise TargetError(
                "the table is append-only: what is in it may not be changed",
                where=target.where,
                fix="set mode to append, or let who keeps it set delta.appendOnly to false",
            ) from error
        if isinstance(error, CommitFailedError):
            raise committed_meanwhile(target.where) from error
        if "failed validation check" in str(error):
            raise _broken_rules(rules, target) from error
        if "table already exists" in str(error):
            raise committed_meanwhile(target.where) from error
        if remote is not None:
            raise remote.explain(error) from error
        raise TargetError(
            f"the table can't be written: {first_line(error)}",
            where=target.where,
            fix="look at the table's log",
        ) from error


def _broken_rules(rules: Sequence[str], target: Target) -> TargetError:
    return TargetError(
        "some of the new rows don't meet what the table asks of its rows"
        + "".join(f"{', ' if place else ' ('}{rule}" for place, rule in enumerate(rules))
        + (")" if rules else ""),
        where=target.where,
        fix="filter or mend the rows in a step before",
    )
