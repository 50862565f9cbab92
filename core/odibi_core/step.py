"""A step: one declared piece of a pipeline. It holds no data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum
from typing import Any

from odibi_core.late_dataclass import dataclass


class StepType(StrEnum):
    """How a step says what it does."""

    SQL = "sql"
    FUNCTION = "function"
    CONFIG_OP = "config_op"
    API = "api"


class NodeKind(StrEnum):
    """What a step does."""

    CONNECT = "connect"
    INGEST = "ingest"
    TRANSFORM = "transform"
    STORE = "store"
    PUBLISH = "publish"


MAPPINGS = (dict, Mapping)
"""For `isinstance`: a dict is told at once, to ask whether something is a Mapping takes ten times as long."""

CODE_TYPES = frozenset((StepType.SQL, StepType.FUNCTION))
"""Of these types is what computes: SQL and functions."""
_KINDS = frozenset(kind.value for kind in NodeKind)


@dataclass(slots=True, eq=True)
class Step:
    """One declared piece of a pipeline.

    Nothing is checked here, so that a pipeline's mistakes can be reported all at once:
    `Orchestrator.validate()` does that.

    Args:
        layer: A label. "connect", "ingest", "transform", "store" and "publish" name the node kind
            outright; with any other word ("bronze", …) the kind follows from the step.
        name: Unique in the pipeline.
        type: "sql", "function", "config_op" or "api".
        engine: "pandas" (served by DuckDB), "spark", or another registered engine. "" takes the pipeline's.
        value: The SQL text, the function's name, or the path, URL or table that is read or written.
        params: Settings of the node kind and format, and of the step itself (`max_retries`, …).
        inputs: Name used inside the step → dataset key.
        outputs: Name inside the step → dataset key.
        metadata: Anything that people or tools want to keep with the step; it never changes a run.
        expectations: What its output is expected to be, each as a mapping: `{"check": "not_null", …}`.
    """

    layer: str
    name: str
    type: str
    engine: str
    value: Any
    params: dict[str, Any] = field(default_factory=dict)
    inputs: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    expectations: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Let `None` stand for an empty mapping, and copy what was given: steps never share a dict."""
        self.params = _own_dict(self.params)
        self.inputs = _own_dict(self.inputs)
        self.outputs = _own_dict(self.outputs)
        self.metadata = _own_dict(self.metadata)
        if self.expectations is None or isinstance(self.expectations, list | tuple):
            self.expectations = list(self.expectations or ())

    def on(self, engine: str) -> Step:
        """The step on an engine. `dataclasses.replace` takes three times as long, and every step is asked."""
        return Step(
            self.layer,
            self.name,
            self.type,
            engine,
            self.value,
            self.params,
            self.inputs,
            self.outputs,
            self.metadata,
            self.expectations,
        )

    @property
    def references(self) -> tuple[str, ...]:
        """The keys of the datasets that its expectations look into, beside its own."""
        if not self.expectations:
            return ()
        named = (
            str(expectation.get("references") or "")
            for expectation in self.expectations
            if isinstance(expectation, Mapping)
        )
        own = set(self.outputs.values())
        return tuple(dict.fromkeys(key for key in named if key and key not in own))

    @property
    def needs(self) -> tuple[str, ...]:
        """The keys of the datasets that must be there before it runs."""
        keys = self.inputs.values()
        if self.expectations:
            return tuple(dict.fromkeys([*keys, *self.references]))
        return tuple(keys) if len(keys) < 2 else tuple(dict.fromkeys(keys))

    @property
    def kind(self) -> NodeKind | None:
        """The node kind, or None where the step is of none: then `Orchestrator.validate()` says why."""
        if self.layer in _KINDS:
            return NodeKind(self.layer)
        if self.type in CODE_TYPES:
            return NodeKind.TRANSFORM
        if self.type not in (StepType.CONFIG_OP, StepType.API):
            return None
        match bool(self.inputs), bool(self.outputs):
            case False, True:
                return NodeKind.INGEST
            case True, False:
                return NodeKind.PUBLISH if self._publishes else NodeKind.STORE
            case False, False:
                return NodeKind.CONNECT
        return None

    @property
    def _publishes(self) -> bool:
        http = isinstance(self.value, str) and self.value.startswith(("http://", "https://"))
        return http or self.type == StepType.API or "method" in self.params


def _own_dict(given: Any) -> Any:
    """A copy of a mapping, empty for None; anything else is a mistake and stays as it was given."""
    # A plain dict is told at once; asking whether something is a Mapping takes ten times as long.
    if type(given) is dict or given is None or isinstance(given, Mapping):
        return dict(given or {})
    return given
