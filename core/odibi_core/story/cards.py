"""One card a step: what it did, what went in and came out, and what a person should know about it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from textwrap import dedent
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from markupsafe import Markup

from odibi_core.events import NodeState
from odibi_core.story import wording
from odibi_core.story.graph import layer_classes, step_duration, step_rows
from odibi_core.story.highlight import highlight_sql
from odibi_core.story.lineage import Lineage, SnapshotRecord, StepRecord
from odibi_core.story.tables import Columns, Limits, Sample, compare_columns, show_sample

BRIEF_ABOVE_STEPS = 200
BRIEF = Limits(code_length=1_200, columns=24, sample_columns=10, sample_rows=3)
FULL = Limits(code_length=20_000, columns=300, sample_columns=40, sample_rows=5)


class Code(NamedTuple):
    """What a step says it does: SQL, a path, a function's name; `label` tells which."""

    label: str
    text: str | Markup
    link: str
    hidden_characters: int


class Port(NamedTuple):
    """An input or output of a step.

    Attributes:
        name: Inside the step.
        key: Of the dataset.
        rows: How many, in words, and how the count is known.
        step: Name of the step at the other end of an input, and its id; "" and None otherwise.
    """

    name: str
    key: str
    rows: str
    columns: str
    step: str = ""
    step_id: int | None = None


class RowChange(NamedTuple):
    """From how many rows to how many: `direction` is "more", "fewer" or "same"."""

    before: str
    after: str
    delta: str
    per_cent: str
    direction: str


class OutputSample(NamedTuple):
    """A sample under the key of its dataset."""

    key: str
    sample: Sample


class Card(NamedTuple):
    """A step with everything that its card shows."""

    id: int
    step: StepRecord
    status_word: str
    layer_class: str
    rows: str
    duration: str
    change: RowChange | None
    code: Code | None
    settings: list[tuple[str, str]]
    written: list[tuple[str, str]]
    inputs: list[Port]
    outputs: list[Port]
    columns: Columns | None
    samples: list[OutputSample]
    is_open: bool


def limits_for(lineage: Lineage) -> Limits:
    """How much the cards show: less where there are so many that the page would grow heavy."""
    return BRIEF if len(lineage.steps) > BRIEF_ABOVE_STEPS else FULL


def write_cards(lineage: Lineage) -> list[Card]:
    """A card for each step, in the order in which they were declared."""
    return _Writer(lineage).cards()


def row_change(step: StepRecord) -> RowChange | None:
    """What became of the rows of a step's first input; None where one of the counts is unknown."""
    before, after = step.before_snapshot, step.after_snapshot
    if not step.has_run or before is None or after is None:
        return None
    if before.row_count is None or after.row_count is None:
        return None
    difference = after.row_count - before.row_count
    return RowChange(
        before=wording.count(before.row_count),
        after=wording.count(after.row_count),
        delta=wording.delta(difference),
        per_cent=wording.per_cent(difference, before.row_count) if difference else "",
        direction="more" if difference > 0 else "fewer" if difference < 0 else "same",
    )


class _Writer:
    """Writes the cards of one run, knowing which step makes which dataset."""

    def __init__(self, lineage: Lineage) -> None:
        self._steps = lineage.steps
        self._limits = limits_for(lineage)
        self._layers = layer_classes(lineage.steps)
        self._makers = {key: index for index, step in enumerate(self._steps) for key in step.outputs.values()}

    def cards(self) -> list[Card]:
        return [self._card(index, step) for index, step in enumerate(self._steps)]

    def _card(self, index: int, step: StepRecord) -> Card:
        return Card(
            id=index,
            step=step,
            status_word=wording.STATUS_WORDS[step.status],
            layer_class=self._layers[step.layer],
            rows=step_rows(step),
            duration=step_duration(step),
            change=row_change(step),
            code=_code(step, self._limits),
            settings=_pairs(step.params, self._limits),
            written=_pairs(step.written or {}, self._limits),
            inputs=[self._input(alias, key, step) for alias, key in step.inputs.items()],
            outputs=[_port(name, key, step.output_snapshots.get(name)) for name, key in step.outputs.items()],
            columns=compare_columns(
                step.before_snapshot, step.after_snapshot, step.schema_diff, self._limits
            ),
            samples=_samples(step, self._limits),
            is_open=step.status is NodeState.FAILED,
        )

    def _input(self, alias: str, key: str, step: StepRecord) -> Port:
        maker = self._makers.get(key)
        name = self._steps[maker].step_name if maker is not None else ""
        return _port(alias, key, step.input_snapshots.get(alias), name, maker)


def _code(step: StepRecord, limits: Limits) -> Code | None:
    if step.value in (None, ""):
        return None
    text = step.value if isinstance(step.value, str) else _as_text(step.value)
    # SQL without the indentation of the code that it stood in.
    whole = dedent(text.expandtabs(4)).strip("\n").rstrip()
    shown, hidden = whole[: limits.code_length], max(0, len(whole) - limits.code_length)
    if step.type == "sql":
        return Code("SQL", highlight_sql(shown), "", hidden)
    if step.type == "function":
        return Code("Function", shown, "", hidden)
    link = text if _is_web_link(text) else ""
    verb = {"ingest": "Reads", "store": "Writes", "publish": "Publishes to", "connect": "Connects to"}
    return Code(verb.get(step.kind or "", "Value"), shown, link, hidden)


def _is_web_link(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc)


def _pairs(values: Mapping[str, Any], limits: Limits) -> list[tuple[str, str]]:
    return [(name, wording.cut(_as_text(value), limits.code_length)) for name, value in values.items()]


def _as_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return json.dumps(value, ensure_ascii=False, default=str)


def _port(
    name: str, key: str, snapshot: SnapshotRecord | None, step: str = "", step_id: int | None = None
) -> Port:
    if snapshot is None:
        return Port(name, key, "", "", step, step_id)
    how = wording.how_counted(snapshot.row_count_scope)
    columns = wording.plural(len(snapshot.columns), "column") if snapshot.columns else ""
    return Port(
        name, key, wording.rows(snapshot.row_count) + (f", {how}" if how else ""), columns, step, step_id
    )


def _samples(step: StepRecord, limits: Limits) -> list[OutputSample]:
    named = [(step.outputs.get(name, name), snapshot) for name, snapshot in step.output_snapshots.items()]
    if not named:
        named = [("", step.after_snapshot)]
    shown = [(key, show_sample(snapshot, limits)) for key, snapshot in named if snapshot is not None]
    return [OutputSample(key, sample) for key, sample in shown if sample is not None]
