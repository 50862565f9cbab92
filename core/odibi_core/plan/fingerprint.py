"""What a step's result depends on, as fingerprints: known before anything runs.

Two runs in which a step has the same key give the same result, as far as that can be told: the same settings,
the same code, the same source files, and the same of all that stands before it.
"""

from __future__ import annotations

import glob
import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from odibi_core.engines.operations import Call, Check, Query, Scan, Send, Write
from odibi_core.engines.places import kind_of_place
from odibi_core.errors import OdibiError
from odibi_core.formats.base import WriteMode
from odibi_core.functions.registry import resolve_function
from odibi_core.late_dataclass import dataclass
from odibi_core.parameters import references
from odibi_core.plan.code_identity import UnknownCodeError, code_identity, describe_value
from odibi_core.plan.model import Plan, PlannedStep
from odibi_core.plan.rendering import Values
from odibi_core.sql.analysis import is_volatile, tells_time

FORMAT = 1
"""Raise it where a result of earlier code may differ from one of this code."""

_WITHOUT_EFFECT = frozenset(
    ("cache", "cloud_adapter", "materialize", "max_retries", "retry_backoff", "retry_delay", "timeout_s")
)
_COMMIT = re.compile(r"\d{20}\.json")
Place = Callable[[Scan | Write], Path]
"""Gives the absolute path that a scan reads or a write writes."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What one step's result depends on.

    Attributes:
        settings: Digest of the step's declaration and of the parameters that it refers to.
        code: Digest of its function; "" where it has none, or where that can't be told.
        source: Digest of the identity of the files that it reads.
        input: Digest of those and of the keys of the steps before it.
        chain: Digest of settings and code, its own and those of every step before it.
        key: Digest of everything, its own and of every step before it; "" where something can't be told.
        unknown: Why there is no key, or "".
    """

    settings: str
    code: str
    source: str
    input: str
    chain: str
    key: str
    unknown: str = ""

    @property
    def parts(self) -> dict[str, str]:
        """What is kept to tell, in a later run, which part changed."""
        return {"settings": self.settings, "code": self.code, "input": self.input, "key": self.key}


def fingerprint_steps(
    plan: Plan, values: Values, place: Place, allowed_functions: tuple[str, ...] | None = None
) -> dict[str, Fingerprint]:
    """Step name → fingerprint, for every step of the plan. Files are looked at, but not read.

    Args:
        plan: The plan.
        values: What its placeholders stand for. A secret counts by its name, never by its value.
        place: Gives the paths of scans and writes.
        allowed_functions: Prefixes of dotted paths that may be imported; None allows all.
    """
    makers = {key: name for name, planned in plan.steps.items() for key in planned.step.outputs.values()}
    found: dict[str, Fingerprint] = {}
    for name, planned in plan.steps.items():
        step = planned.step
        taken = {**{f"references {key}": key for key in step.references}, **step.inputs}
        above = {alias: found[makers[key]] for alias, key in taken.items() if key in makers}
        found[name] = _fingerprint(planned, values, place, allowed_functions, above)
    return found


def place_identity(path: Path) -> list[list[Any]]:
    """What tells one state of a file, folder, glob or Delta table from every other; empty where nothing is.

    A Delta table is known by its latest commit, everything else by path, size and times of each file.
    """
    # The time of change betrays an edit after which somebody set the time of modification back.
    return [_stat(file, lambda found: found.st_ctime_ns) for file in _telling_files(path)]


def written_identity(path: Path) -> list[list[Any]]:
    """As `place_identity`, of what a run has written: each file's number stands for its time of change.

    That is another one when the run lets go of a file that it holds by a second name.
    """
    return [_stat(file, lambda found: found.st_ino) for file in _telling_files(path)]


def _telling_files(path: Path) -> list[Path]:
    log = path / "_delta_log"
    if log.is_dir():
        commits = [entry for entry in log.iterdir() if _COMMIT.fullmatch(entry.name)]
        return [max(commits)] if commits else []
    return sorted(_files(path))


def _fingerprint(
    planned: PlannedStep,
    values: Values,
    place: Place,
    allowed: tuple[str, ...] | None,
    above: Mapping[str, Fingerprint],
) -> Fingerprint:
    unknown = _why_never_kept(planned)
    try:
        settings = digest(_settings(planned, values, place))
    except (UnknownCodeError, OdibiError) as error:
        settings, unknown = digest(["unknown", planned.step.name]), unknown or str(error)
    code = ""
    if isinstance(planned.node.operation, Call):
        try:
            code = code_identity(_function(planned.node.operation, allowed))
        except (UnknownCodeError, OdibiError) as error:
            unknown = unknown or str(error)
    source = source_digest(planned, place)
    chain = digest([settings, code, {alias: before.chain for alias, before in above.items()}])
    missing = [alias for alias, before in above.items() if not before.key]
    if missing and not unknown:
        unknown = f"what {missing[0]!r} holds is made anew by every run"
    taken = digest([source, {alias: before.key for alias, before in above.items()}])
    versions = _versions(planned.step.engine)
    key = "" if unknown else digest([FORMAT, versions, settings, code, taken])
    return Fingerprint(settings, code, source, taken, chain, key, unknown)


def source_digest(planned: PlannedStep, place: Place) -> str:
    """A digest of the identity of the files that a step reads, as they are now."""
    operation = planned.node.operation
    if not isinstance(operation, Scan):
        return ""
    return digest(operation.server or place_identity(place(operation)))


def _why_never_kept(planned: PlannedStep) -> str:
    match planned.node.operation:
        case Send():
            return "it sends its rows in every run"
        case Check():
            return "it checks in every run"
        case Scan(server=server) if server:
            return f"what {kind_of_place(server)} holds is asked for in every run"
        case Write(server=server) if server:
            return f"it writes to {kind_of_place(server)} in every run"
        case Write(mode=mode) if mode is not WriteMode.OVERWRITE:
            return f"it writes in every run: its mode is {mode.value}"
        case Query(sql=sql) if planned.node.settings.cache is not True and (
            is_volatile(sql) or tells_time(sql)
        ):
            return "its SQL asks for the time, or for chance"
    return "it asks for it: cache is false" if planned.node.settings.cache is False else ""


def _settings(planned: PlannedStep, values: Values, place: Place) -> Any:
    declared, operation = planned.declared, planned.node.operation
    params = {name: value for name, value in declared.params.items() if name not in _WITHOUT_EFFECT}
    value = "" if callable(declared.value) else declared.value
    used: dict[str, Any] = {}
    for reference in references([value, params, declared.expectations]):
        if reference.scheme != "secret":
            used[f"{reference.scheme} {reference.name}"] = values.resolve(reference)
    path = operation.server or str(place(operation)) if isinstance(operation, Scan | Write) else ""
    return describe_value(
        {
            "name": declared.name,
            "kind": planned.kind.value,
            "type": str(declared.type),
            "engine": planned.step.engine,
            "value": value,
            "params": params,
            "inputs": dict(declared.inputs),
            "outputs": dict(declared.outputs),
            "values": used,
            "path": path,
            **({"expectations": declared.expectations} if declared.expectations else {}),
        }
    )


def _function(call: Call, allowed: tuple[str, ...] | None) -> Callable[..., Any]:
    return resolve_function(call.function, allowed) if isinstance(call.function, str) else call.function


def _files(path: Path) -> Iterator[Path]:
    pattern = str(path)
    is_pattern = glob.has_magic(pattern) and not path.exists()
    for match in glob.iglob(pattern, recursive=True) if is_pattern else [pattern]:  # noqa: PTH207 - absolute
        if not Path(match).is_dir():
            yield Path(match)
            continue
        for folder, inner, names in os.walk(match):
            inner[:] = [name for name in inner if not name.startswith((".", "_"))]
            yield from (Path(folder, name) for name in names if not name.startswith((".", "_")))


def _stat(path: Path, more: Callable[[os.stat_result], int]) -> list[Any]:
    try:
        found = path.stat()
    except OSError:
        return [str(path), "missing"]
    return [str(path), found.st_size, found.st_mtime_ns, more(found)]


@cache
def _versions(engine: str) -> list[str]:
    libraries = ["odibi-studio", *(("duckdb", "pyarrow") if engine == "pandas" else (f"py{engine}",))]
    return [f"{name} {_version(name)}" for name in libraries]


def _version(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return ""


def digest(value: Any) -> str:
    """The SHA-256 of a value that JSON can hold."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
