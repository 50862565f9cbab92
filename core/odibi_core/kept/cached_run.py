"""The cache as one run sees it: which regions need not run, and why the others do."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from odibi_core.dataset import Dataset, Snapshot
from odibi_core.engines.base import Attempt, Engine, Outcome, RunContext, UnkeepableError
from odibi_core.engines.operations import Write
from odibi_core.kept.manifest import DamagedError
from odibi_core.kept.outcomes import outcome_record, restore_outcome
from odibi_core.kept.recomputing import Recomputer
from odibi_core.kept.result_cache import ResultCache
from odibi_core.late_dataclass import dataclass
from odibi_core.plan.fingerprint import Fingerprint, Place, digest, source_digest, written_identity
from odibi_core.plan.model import Plan, Region
from odibi_core.secret_store import Redactor
from odibi_core.workspace import file_name

SETTINGS_CHANGED = "settings changed"
CODE_CHANGED = "code changed"
INPUT_CHANGED = "input changed"
NOT_CACHED = "not cached"


@dataclass(frozen=True, slots=True)
class Forecast:
    """What the cache would do for one region.

    Attributes:
        is_hit: Whether the region need not run.
        reasons: Step name → why it must; empty for a hit.
    """

    is_hit: bool
    reasons: Mapping[str, str]


class CacheView:
    """What the cache holds for a plan.

    Args:
        manager: The cache.
        plan: The plan.
        fingerprints: Step name → fingerprint.
        place: Gives the paths of scans and writes.
    """

    def __init__(
        self,
        manager: ResultCache,
        plan: Plan,
        fingerprints: Mapping[str, Fingerprint],
        place: Place,
    ) -> None:
        self.manager, self.plan, self.fingerprints, self.place = manager, plan, fingerprints, place

    def forecasts(self) -> dict[str, Forecast]:
        """Region name → what would become of it now. Nothing runs."""
        return {region.name: self._forecast(region) for region in self.plan.regions}

    def key(self, region: Region) -> str:
        """The key of the region's entry; "" where it must run whatever is kept."""
        keys = [self.fingerprints[name].key for name in region.steps]
        return digest(keys) if all(keys) else ""

    def find(self, region: Region) -> dict[str, Any] | None:
        """The manifest of the region's entry, where what it wrote is still as it left it.

        Raises:
            DamagedError: The entry is not as it was kept.
        """
        key = self.key(region)
        manifest = self.manager.find(key) if key else None
        if manifest is None or not all(
            self.target_identity(step) == identity and identity
            for step, identity in manifest["targets"].items()
        ):
            return None
        return manifest

    def target_identity(self, step: str) -> str:
        """A digest that tells the present state of what a step writes from every other; "" of nothing."""
        operation = self.plan.steps[step].node.operation
        assert isinstance(operation, Write)
        found = written_identity(self.place(operation))
        return digest(found) if found else ""

    def reason(self, step: str) -> str:
        """Why the step must run."""
        print_, last = self.fingerprints[step], self.manager.last_parts(self.plan.pipeline.name, step)
        if last is None:
            return NOT_CACHED
        if last["settings"] != print_.settings:
            return SETTINGS_CHANGED
        if last["code"] != print_.code:
            return CODE_CHANGED
        is_input_anew = any(not self.fingerprints[name].key for name in self.plan.graph.upstream(step))
        if last["input"] != print_.input or is_input_anew:
            return INPUT_CHANGED
        return NOT_CACHED

    def _forecast(self, region: Region) -> Forecast:
        try:
            is_hit = self.find(region) is not None
        except (DamagedError, OSError):
            is_hit = False
        return Forecast(is_hit, {} if is_hit else {name: self.reason(name) for name in region.steps})


class CachedRun:
    """Recalls regions from the cache, and keeps the others in it.

    Args:
        view: What the cache holds for the plan.
        engines: Name → engine.
        context: The run.
        warn: Takes (step, sentence) where a person should know.
        redactor: Hides secrets in what is kept.
    """

    def __init__(
        self,
        view: CacheView,
        engines: Mapping[str, Engine],
        context: RunContext,
        warn: Callable[[str, str], object],
        redactor: Redactor,
    ) -> None:
        self._redactor = redactor
        self._view, self._engines, self._context, self._warn = view, engines, context, warn
        self._recomputer = Recomputer(view.plan, engines, context)
        self._numbers = itertools.count(1)
        self.reasons: dict[str, str] = {}

    def recall(self, region: Region, data: Mapping[str, Dataset]) -> list[Outcome] | None:
        """What the region did when it was kept; None where it must run, and then `reasons` says why."""
        view = self._view
        try:
            manifest = view.find(region)
            outcomes = self._restore(region, manifest, data) if manifest is not None else None
        except DamagedError as error:
            view.manager.set_aside(view.key(region))
            self._warn(region.name, f"its kept result was damaged and is made anew: {error}")
            outcomes = None
        except OSError as error:
            self._warn(region.name, f"its kept result can't be read: {error.strerror or error}")
            outcomes = None
        if outcomes is None:
            self.reasons |= {name: view.reason(name) for name in region.steps}
            return None
        view.manager.mark_used(view.key(region))
        return outcomes

    def keep(self, region: Region, outcomes: Sequence[Outcome], attempt: Attempt) -> None:
        """Keep what the region did. Where that fails, the first outcome carries a warning."""
        try:
            why_not = self._keep(region, outcomes, attempt)
        except Exception as error:  # noqa: BLE001 - an engine's errors; the region itself went well
            why_not = "" if attempt.is_stopped else f"{type(error).__name__}: {error}"
            if isinstance(error, OSError):
                why_not = (error.strerror or str(error)).lower()
            elif isinstance(error, UnkeepableError):
                why_not = str(error)
        if why_not:
            outcomes[-1].warnings.insert(0, f"the result is not cached: {why_not}")

    def _keep(self, region: Region, outcomes: Sequence[Outcome], attempt: Attempt) -> str:
        view, plan = self._view, self._view.plan
        changed = [
            name
            for name in region.steps
            if source_digest(plan.steps[name], view.place) != view.fingerprints[name].source
        ]
        if changed:
            return f"the source of {changed[0]!r} changed while it was read"
        key = view.key(region)
        if key:
            view.manager.keep(key, lambda folder: self._fill(folder, region, outcomes, attempt))
        for name in region.steps:
            view.manager.note_parts(plan.pipeline.name, name, view.fingerprints[name].parts)
        return ""

    def _fill(
        self, folder: Path, region: Region, outcomes: Sequence[Outcome], attempt: Attempt
    ) -> dict[str, Any]:
        plan = self._view.plan
        records = []
        for outcome in outcomes:
            planned = plan.steps[outcome.name]
            files: dict[str, str] = {}
            for dataset in outcome.outputs.values() if planned.is_kept else ():
                name = f"data-{len(list(folder.iterdir())) + 1}.parquet"
                self._engines[planned.step.engine].save(dataset, folder / name, attempt)
                files[dataset.key] = name
            rejects = ""
            if outcome.rejects_path:
                rejects = f"rejects-{len(list(folder.iterdir())) + 1}.csv"
                shutil.copyfile(outcome.rejects_path, folder / rejects)
            records.append(outcome_record(outcome, files, rejects, self._redactor))
        return {
            "format": 1,
            "pipeline": plan.pipeline.name,
            "region": region.name,
            "steps": list(region.steps),
            "outcomes": records,
            "targets": {
                name: self._view.target_identity(name)
                for name in region.steps
                if isinstance(plan.steps[name].node.operation, Write)
            },
        }

    def _restore(
        self, region: Region, manifest: Mapping[str, Any], data: Mapping[str, Dataset]
    ) -> list[Outcome] | None:
        folder = self._context.scratch / "kept" / f"{next(self._numbers)}"
        manager, key = self._view.manager, self._view.key(region)
        if not all(manager.take(key, manifest, name, folder / name) for name in manifest["files"]):
            return None
        outcomes = []
        for record in manifest["outcomes"]:
            step = record["name"]
            engine = self._engines[self._view.plan.steps[step].step.engine]

            def opened(
                key: str, snapshot: Snapshot, file: str, step: str = step, engine: Engine = engine
            ) -> Dataset:
                if file:
                    return engine.load(key, folder / file, snapshot)
                return self._recomputer.defer(step, key, snapshot, data)

            rejects = self._restore_rejects(record, folder)
            outcomes.append(restore_outcome(record, opened, rejects))
        return outcomes

    def _restore_rejects(self, record: Mapping[str, Any], folder: Path) -> str:
        if not record["rejects_file"]:
            return ""
        self._context.rejects.mkdir(parents=True, exist_ok=True)
        target = self._context.rejects / f"{file_name(record['name'])}.csv"
        shutil.copyfile(folder / record["rejects_file"], target)
        return str(target)
