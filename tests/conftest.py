"""An empty workspace, and pipelines that run in it."""

from __future__ import annotations

import compileall
import math
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.sqlserver import VARIABLE

from odibi_core.engine_context import EngineContext, PandasEngineContext, SparkEngineContext
from odibi_core.engines.spark.session import open_session
from odibi_core.kept import checkpointed_run
from odibi_core.orchestrator import Orchestrator
from odibi_core.pipeline import Pipeline
from odibi_core.run_result import RunResult
from odibi_core.step import Step
from odibi_core.workspace import Workspace
from odibi_core.workspace_settings import SparkSettings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

Run = Callable[..., RunResult]

# Who starts the tests in the background may ignore it, and every process inherits that.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    """How much of the tests of faults is run: they draw their moments by seeds."""
    parser.addoption(
        "--all-faults", action="store_true", help="every seed of the tests of faults, not a sample"
    )
    parser.addoption("--fault-seed", type=int, default=None, help="one seed of the tests of faults")


def pytest_configure(config: pytest.Config) -> None:
    """Compile the packages once: where Python may keep no bytecode, each process would compile them anew."""
    if not hasattr(config, "workerinput"):
        for folder in ("core/odibi_core", "studio/odibi_studio"):
            compileall.compile_dir(config.rootpath / folder, quiet=2)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give a second go to all tests but those of faults: docs/decisions/0034 says why."""
    faults = Path(__file__).parent / "core" / "faults"
    for item in items:
        if not item.path.is_relative_to(faults):
            item.add_marker(pytest.mark.flaky(reruns=1))


def pytest_report_header() -> str | None:
    """What is left out where nobody says of a SQL Server."""
    return None if os.environ.get(VARIABLE) else f"SQL Server: left out, {VARIABLE} names none"


@pytest.fixture(autouse=True)
def modules_are_forgotten(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test meets a module, such as `transforms`, that an earlier one of its process wrote and imported."""
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        file = getattr(sys.modules[name], "__file__", None)
        if file and Path(file).is_relative_to(tmp_path_factory.getbasetemp()):
            del sys.modules[name]


@pytest.fixture
def checkpoints_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """AUTO saves after every region, however little would be lost."""
    monkeypatch.setattr(checkpointed_run, "AUTO_S", 0.0)
    monkeypatch.setattr(checkpointed_run, "AUTO_SHARE", math.inf)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A folder of its own that nothing above it can change."""
    (tmp_path / "odibi.toml").touch()
    return Workspace.find(tmp_path)


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkSession]:
    """A Spark session for all tests of a worker: starting one takes ten seconds and more."""
    scratch = Path(tempfile.mkdtemp(prefix="odibi-spark-"))
    # Quick to start rather than quick to run.
    config = {"spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"}
    session, stop = open_session(SparkSettings(master="local[2]", config=config), scratch)
    yield session
    stop()
    shutil.rmtree(scratch, ignore_errors=True)


@pytest.fixture(params=["pandas", pytest.param("spark", marks=pytest.mark.xdist_group("spark"))])
def engine(request: pytest.FixtureRequest, workspace: Workspace) -> Iterator[EngineContext]:
    """Every feature is tested on every engine unless it says why not."""
    context: EngineContext
    if request.param == "pandas":
        context = PandasEngineContext(workspace=workspace)
    else:
        request.getfixturevalue("spark")
        context = SparkEngineContext(workspace=workspace)
    yield context
    context.close()


@pytest.fixture
def run(workspace: Workspace) -> Iterator[Run]:
    """Executes steps in the workspace; takes the Orchestrator's keyword arguments."""
    results: list[RunResult] = []

    def execute(steps: Sequence[Step] | Pipeline, **settings: Any) -> RunResult:
        results.append(Orchestrator(steps, workspace=workspace, **settings).execute())
        return results[-1]

    yield execute
    for result in results:
        result.close()


@pytest.fixture
def make_file(workspace: Workspace) -> Callable[[str, str | bytes], Path]:
    """Writes a file of the workspace."""

    def write(name: str, content: str | bytes) -> Path:
        path = workspace.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write
