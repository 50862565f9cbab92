"""What a step did, in a form that a manifest can hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from odibi_core.dataset import CountScope, Dataset, Snapshot
from odibi_core.engines.base import Outcome, Profiles
from odibi_core.schema import Schema
from odibi_core.secret_store import Redactor


def outcome_record(
    outcome: Outcome, files: Mapping[str, str], rejects_file: str, redactor: Redactor
) -> dict[str, Any]:
    """The outcome as JSON can hold it.

    Args:
        outcome: What the step did.
        files: Dataset key → name of the file that holds its rows; a key that is not there has none.
        rejects_file: Name of the file that holds its rejected rows, or "".
        redactor: Hides the secrets of what people read of it; rows are kept as they are.
    """
    return {
        "name": outcome.name,
        "row_count": outcome.row_count,
        "row_count_scope": outcome.row_count_scope.value,
        "rejected_rows": outcome.rejected_rows,
        "rejects_file": rejects_file,
        "warnings": redactor.value(list(outcome.warnings)),
        "written": redactor.value(dict(outcome.written)),
        "health": redactor.value(dict(outcome.health)),
        "checked": redactor.value(dict(outcome.checked)),
        "profiles": redactor.value(dict(outcome.profiles.outputs)),
        "outputs": {
            name: {
                "key": dataset.key,
                "snapshot": dataset.snapshot().as_dict(),
                "file": files.get(dataset.key, ""),
            }
            for name, dataset in outcome.outputs.items()
        },
    }


def restore_outcome(
    record: Mapping[str, Any],
    open_dataset: Callable[[str, Snapshot, str], Dataset],
    rejects_path: str,
) -> Outcome:
    """The outcome that a record describes.

    Args:
        record: What `outcome_record` gave.
        open_dataset: Gives the dataset of (key, snapshot, file name or "").
        rejects_path: Where its rejected rows are now, or "".
    """
    outputs = {
        name: open_dataset(held["key"], restore_snapshot(held["snapshot"]), held["file"])
        for name, held in record["outputs"].items()
    }
    return Outcome(
        record["name"],
        outputs,
        record["row_count"],
        CountScope(record["row_count_scope"]),
        record["rejected_rows"],
        rejects_path,
        list(record["warnings"]),
        dict(record["written"]),
        dict(record.get("health") or {}),
        dict(record.get("checked") or {}),
        Profiles(record.get("profiles") or {}),
    )


def restore_snapshot(record: Mapping[str, Any]) -> Snapshot:
    """The snapshot that `Snapshot.as_dict` gave."""
    return Snapshot(
        Schema.of(record["schema"]),
        record["row_count"],
        CountScope(record["row_count_scope"]),
        tuple(record["sample"]),
        record["sample_scope"],
    )
