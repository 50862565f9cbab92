"""Sources that a resumed run can read again, so that a checkpoint need not hold their rows."""

from __future__ import annotations

import glob
from collections.abc import Mapping
from pathlib import Path

from odibi_core.engines.operations import Scan, Write
from odibi_core.nodes.settings import IngestSettings
from odibi_core.plan.fingerprint import Fingerprint, Place, source_digest
from odibi_core.plan.model import Plan


class Sources:
    """The files that the steps of a plan read.

    Args:
        plan: The plan.
        fingerprints: Step name → fingerprint.
        place: Gives the paths of scans and writes.
    """

    def __init__(self, plan: Plan, fingerprints: Mapping[str, Fingerprint], place: Place) -> None:
        self._plan, self._fingerprints, self._place = plan, fingerprints, place
        operations = [planned.node.operation for planned in plan.steps.values()]
        self._written = [
            _folder(place(operation))
            for operation in operations
            if isinstance(operation, Write) and not operation.server
        ]
        self._is_written: dict[str, bool] = {}

    def digest(self, step: str) -> str:
        """What the source of a step must still be when it is read again; "" where its rows have to be kept.

        They have to where the pipeline itself writes there, where the source is not as it was when the run
        began, where it is a server's, whose tables show no change, and where the step asks for it by
        `materialize` or has expectations, which may take rows out.
        """
        planned = self._plan.steps[step]
        operation, settings = planned.node.operation, planned.node.settings
        if (
            not isinstance(operation, Scan)
            or operation.server
            or not isinstance(settings, IngestSettings)
            or settings.materialize
            or planned.node.expectations
        ):
            return ""
        if step not in self._is_written:
            place = _folder(self._place(operation))
            self._is_written[step] = any(
                place.is_relative_to(path) or path.is_relative_to(place) for path in self._written
            )
        if self._is_written[step]:
            return ""
        known = self._fingerprints[step].source
        return known if source_digest(planned, self._place) == known else ""


def _folder(path: Path) -> Path:
    """The path, or of a pattern the folder that all of its files are in."""
    plain = path
    while glob.has_magic(str(plain)) and not plain.exists():
        plain = plain.parent
    return plain.resolve()
