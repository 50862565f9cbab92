"""What a fork takes over from a checkpoint: only what still holds, so that rows of two states never mix."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field
from typing import Any

from odibi_core.checkpoint_manager import Checkpoint
from odibi_core.engines.operations import Scan
from odibi_core.late_dataclass import dataclass
from odibi_core.plan.fingerprint import Fingerprint, Place
from odibi_core.plan.model import Plan

_KEPT = "its source has changed since the run {run}: its rows are those that the run had read"
_LOST = (
    "its source has changed since the run {run}, which did not keep its rows: it is read anew, "
    "with all that follows from it"
)
_SHARED = (
    "its source has changed since the run {run}, and {other!r} reads it anew: so does this step, "
    "with all that follows from it"
)


@dataclass(slots=True)
class Takeover:
    """The part of a checkpoint that a fork takes over.

    Args:
        checkpoint: What the run left.
        plan: The fork's plan.
        fingerprints: Step name → fingerprint, as the steps and their sources are now.
        place: Gives the paths of scans.

    Attributes:
        kept: Steps that are not run again.
        notes: Step → what a person should know of its rows.
    """

    checkpoint: Checkpoint
    plan: Plan
    fingerprints: Mapping[str, Fingerprint]
    place: Place
    kept: set[str] = field(default_factory=set)
    notes: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        manifest = self.checkpoint.manifest
        run_id = str(manifest["run_id"])
        dropped: dict[str, str] = {}
        # What is dropped may ask for rows that were not kept, of which more is dropped.
        while True:
            self.kept = set(self._unchanged(dropped))
            more = {name: text.format(run=run_id, other=other) for name, text, other in self._mixed()}
            if not more:
                break
            dropped |= more
        for name in self._changed_sources(self.kept):
            dropped[name] = _KEPT.format(run=run_id)
        self.notes = {name: dropped[name] for name in self.fingerprints if name in dropped}

    def part(self) -> Checkpoint:
        """The checkpoint with the steps alone that are taken over."""
        manifest = self.checkpoint.manifest
        outcomes = [record for record in manifest["outcomes"] if record["name"] in self.kept]
        return Checkpoint(self.checkpoint.folder, {**manifest, "outcomes": outcomes})

    def _unchanged(self, dropped: Iterable[str]) -> Iterator[str]:
        """Steps that are as they were, and so is every step before them."""
        known = self.checkpoint.manifest["fingerprints"]
        kept: set[str] = set()
        for name, print_ in self.fingerprints.items():
            parts = known.get(name)
            is_same = parts is not None and (print_.settings, print_.code) == (
                parts["settings"],
                parts["code"],
            )
            if is_same and name not in dropped and set(self.plan.graph.needs(name)) <= kept:
                kept.add(name)
                yield name

    def _mixed(self) -> Iterator[tuple[str, str, str]]:
        """Kept sources that must be read anew: their names, why, and the step on account of which."""
        changed = set(self._changed_sources(self.kept))
        places = {self._source(scan): name for name, scan in self._scans() if name not in self.kept}
        asked = set(self._asked())
        for name, scan in self._scans():
            if name not in changed:
                continue
            if name in asked:
                yield name, _LOST, ""
            elif self._source(scan) in places:
                yield name, _SHARED, places[self._source(scan)]

    def _source(self, scan: Scan) -> tuple[str, str]:
        return (scan.server, scan.source) if scan.server else ("", str(self.place(scan)))

    def _asked(self) -> Iterator[str]:
        """Kept steps whose rows the others need, and that have to run again for them."""
        files = {
            held["key"]
            for record in self.checkpoint.manifest["outcomes"]
            for held in record["outputs"].values()
            if held["file"]
        }
        makers = {key: name for name, it in self.plan.steps.items() for key in it.step.outputs.values()}
        queue = [name for name in self.fingerprints if name not in self.kept]
        seen = set(queue)
        while queue:
            for key in self.plan.steps[queue.pop()].step.inputs.values():
                maker = makers.get(key, "")
                if maker in self.kept and key not in files and maker not in seen:
                    seen.add(maker)
                    queue.append(maker)
                    yield maker

    def _changed_sources(self, names: Iterable[str]) -> Iterator[str]:
        """Those of the steps that read a source which is not as it was; nobody knows of a server's tables."""
        known: Mapping[str, Any] = self.checkpoint.manifest.get("sources", {})
        scans = dict(self._scans())
        for name in names:
            scan = scans.get(name)
            if scan is not None and (scan.server or known.get(name) != self.fingerprints[name].source):
                yield name

    def _scans(self) -> Iterator[tuple[str, Scan]]:
        for name, planned in self.plan.steps.items():
            if isinstance(planned.node.operation, Scan):
                yield name, planned.node.operation
