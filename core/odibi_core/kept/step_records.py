"""What steps did, in files that one checkpoint after another holds, so that each writes only what is new.

The newest records stand in a checkpoint's manifest. Once there are `NEWEST` of them, they become a file; and
a file is put together with the one before it where that has no more records than itself. So a checkpoint of a
thousand steps holds at most six of them, and no file is ever changed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import Any

from odibi_core.kept.held_file import HeldFile, place
from odibi_core.late_dataclass import dataclass

NEWEST = 16

Record = Mapping[str, Any]


@dataclass(slots=True)
class _Volume:
    """Records that make one file.

    Attributes:
        text: What it holds: a JSON text a line.
        steps: How many.
        held: Where a checkpoint has it; None where none has yet.
    """

    text: bytes
    steps: int
    held: HeldFile | None = None


@dataclass(slots=True)
class StepRecords:
    """The records of a run, in the order in which its steps ended."""

    _volumes: list[_Volume] = field(default_factory=list)
    _newest: list[Record] = field(default_factory=list)

    def add(self, record: Record) -> None:
        """Take what a step did."""
        self._newest.append(record)
        if len(self._newest) < NEWEST:
            return
        text = b"".join(json.dumps(record, default=str).encode() + b"\n" for record in self._newest)
        self._newest = []
        volume = _Volume(text, NEWEST)
        while self._volumes and self._volumes[-1].steps <= volume.steps:
            before = self._volumes.pop()
            volume = _Volume(before.text + volume.text, before.steps + volume.steps)
        self._volumes.append(volume)

    def put(self, folder: Path, known: dict[str, Mapping[str, Any]]) -> dict[str, Any]:
        """The part of a manifest that holds the records, or names the files of a folder that now do.

        Args:
            folder: Takes the files.
            known: Takes name → what a manifest says of a file, of those that an earlier checkpoint has.
        """
        names = []
        for number, volume in enumerate(self._volumes, start=1):
            names.append(f"steps-{number}.jsonl")
            if not place(volume.held, folder / names[-1], known):
                (folder / names[-1]).write_bytes(volume.text)
        return {"steps_files": names, "steps": list(self._newest)}

    def saved(self, folder: Path, files: Mapping[str, Mapping[str, Any]]) -> None:
        """Know that a checkpoint in the folder has what was put there last: the next one may share it."""
        for number, volume in enumerate(self._volumes, start=1):
            name = f"steps-{number}.jsonl"
            volume.held = HeldFile(folder / name, files[name])


def read_records(folder: Path, manifest: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The records of a checkpoint whose files have been found whole."""
    for name in manifest["steps_files"]:
        for line in (folder / name).read_bytes().splitlines():
            yield json.loads(line)
    yield from manifest["steps"]


def whole_manifest(folder: Path, manifest: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a checkpoint says, with all that it says of steps in one place, whatever version wrote it."""
    if "outcomes" in manifest:
        return manifest
    records = list(read_records(folder, manifest))
    outcomes: Sequence[dict[str, Any]] = [record["outcome"] for record in records]
    for outcome in outcomes:
        outcome["rejects_file"] = manifest["rejects"].get(outcome["name"], "")
        for output in outcome["outputs"].values():
            output["file"] = manifest["rows"].get(output["key"], "")
    return {
        **manifest,
        "completed_nodes": [outcome["name"] for outcome in outcomes],
        "data_map_keys": [output["key"] for outcome in outcomes for output in outcome["outputs"].values()],
        "fingerprints": {record["outcome"]["name"]: record["fingerprint"] for record in records},
        "sources": {record["outcome"]["name"]: record["source"] for record in records},
        "outcomes": outcomes,
    }
