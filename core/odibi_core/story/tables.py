"""The tables of a step's card: what its columns became, and a sample of its rows."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from odibi_core.story import wording
from odibi_core.story.lineage import SchemaDiffRecord, SnapshotRecord

_CELL_LENGTH = 80


class Limits(NamedTuple):
    """How much of a step its card shows; what is left out is counted on the card.

    Attributes:
        code_length: Characters of SQL or of a setting.
        columns: Rows of the table of columns.
        sample_columns: Columns of a sample.
        sample_rows: Rows of a sample.
    """

    code_length: int
    columns: int
    sample_columns: int
    sample_rows: int


class Column(NamedTuple):
    """A column of a dataset: `change` is "added", "removed", "changed" or ""."""

    name: str
    type: str
    change: str = ""
    old_type: str = ""


class Columns(NamedTuple):
    """The columns of a step's output beside those of its input.

    Attributes:
        changes: Those that were added, removed or changed.
        kept: The others.
        kept_hidden: How many of the others are not listed.
        compares: Whether there was an input to compare with.
        summary: In words.
    """

    changes: list[Column]
    kept: list[Column]
    kept_hidden: int
    changes_hidden: int
    compares: bool
    summary: str


class Cell(NamedTuple):
    """A value of a sample: `kind` is "number", "text", "null" or "empty"; `full` is what a cut text was."""

    kind: str
    text: str
    full: str = ""


class Heading(NamedTuple):
    """A column of a sample: a numeric one has a type of numbers, or a number among its values."""

    name: str
    type: str
    is_numeric: bool


class Sample(NamedTuple):
    """Rows of a dataset: each value with its column."""

    headings: list[Heading]
    rows: list[list[tuple[Cell, Heading]]]
    hidden_columns: int
    note: str


def compare_columns(
    before: SnapshotRecord | None, after: SnapshotRecord | None, diff: SchemaDiffRecord | None, limits: Limits
) -> Columns | None:
    """What became of the columns; None where there are none to speak of."""
    compares = before is not None and after is not None
    changes: list[Column] = []
    if compares and diff is not None:
        changes += [Column(name, type_, "added") for name, type_ in diff.added.items()]
        changes += [Column(name, change.new, "changed", change.old) for name, change in diff.changed.items()]
        changes += [Column(name, type_, "removed") for name, type_ in diff.removed.items()]
    changed = {column.name for column in changes if column.change != "removed"}
    snapshot = after or before
    kept = [
        Column(name, type_)
        for name, type_ in (snapshot.columns if snapshot else {}).items()
        if name not in changed
    ]
    if not changes and not kept:
        return None
    return Columns(
        changes=changes[: limits.columns],
        kept=kept[: limits.columns],
        kept_hidden=max(0, len(kept) - limits.columns),
        changes_hidden=max(0, len(changes) - limits.columns),
        compares=compares,
        summary=_summary(changes, kept, compares=compares),
    )


def _summary(changes: list[Column], kept: list[Column], *, compares: bool) -> str:
    if not compares:
        return wording.plural(len(kept), "column")
    if not changes:
        return f"{wording.plural(len(kept), 'column')}, all unchanged"
    counts = [
        f"{sum(column.change == change for column in changes)} {change}"
        for change in ("added", "removed", "changed")
        if any(column.change == change for column in changes)
    ]
    return ", ".join([*counts, f"{len(kept)} unchanged"])


def show_sample(snapshot: SnapshotRecord, limits: Limits) -> Sample | None:
    """The sample of a dataset; None where none was taken."""
    if not snapshot.sample:
        return None
    types = snapshot.columns or {name: "" for row in snapshot.sample for name in row}
    columns = list(types.items())[: limits.sample_columns]
    rows = [
        [_cell(row.get(name), type_) for name, type_ in columns]
        for row in snapshot.sample[: limits.sample_rows]
    ]
    headings = [
        Heading(
            name, type_, wording.is_numeric_type(type_) or any(row[place].kind == "number" for row in rows)
        )
        for place, (name, type_) in enumerate(columns)
    ]
    return Sample(
        headings=headings,
        rows=[list(zip(row, headings, strict=True)) for row in rows],
        hidden_columns=len(types) - len(columns),
        note=_sample_note(snapshot, len(rows)),
    )


def _sample_note(snapshot: SnapshotRecord, shown: int) -> str:
    if snapshot.row_count is not None and snapshot.row_count <= shown:
        return "All rows" if shown > 1 else "The only row"
    if snapshot.sample_scope in ("", "first rows"):
        first = "The first row" if shown == 1 else f"The first {shown} rows"
        return f"{first}, not a random sample"
    return f"{wording.rows(shown)}: {snapshot.sample_scope}"


def _cell(value: Any, type_: str) -> Cell:
    if value is None:
        return Cell("null", "null")
    if value == "":
        return Cell("empty", "empty text")
    if isinstance(value, bool):
        return Cell("text", "true" if value else "false")
    if isinstance(value, int | float) or (isinstance(value, str) and wording.is_numeric_type(type_)):
        number = wording.number(value)
        if number is not None:
            return Cell("number", number)
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    shown = wording.cut(text, _CELL_LENGTH)
    return Cell("text", shown, "" if shown == text else text)
