"""What a plain run loads: what every user pays for, whatever the rows, is what the run needs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

LIBRARIES = """
adbc_driver_manager azure boto3 deltalake difflib duckdb fastavro fsspec http httpx jinja2 logging networkx
numpy openpyxl pandas polars prometheus_client pyarrow pydantic pyspark rich sqlalchemy sqlglot sqlite3
ssl streamlit yaml
"""
MODULES = """
cache_manager checkpoint_manager cloud_connections clouds.files clouds.store connection_check connections
distributed_executor engine_context engines.duckdb.keeping engines.http engines.spark expectations.measuring
expectations.model expectations.results formats.csv_options formats.delta formats.excel_books
formats.http_client formats.json_options formats.merging formats.servers formats.web_files functions.calling
journal.reader journal.record kept.cached_run kept.checkpointed_run kept.cloud_cache kept.manifest
plan.fingerprint plan.for_spark quality.database quality.inspector secret_providers.settings sql.dialect
sql.faults workers
"""

RUN = """
import importlib.metadata
import sys
import _duckdb
# To look through the installed packages takes longer than to plan: a run whose names are ours does not.
importlib.metadata.entry_points = None
from odibi_core import Orchestrator, Step
_duckdb.execute("COPY (SELECT range AS id, range * 2 AS amount FROM range(100)) TO 'orders.parquet'")
steps = [
    Step("ingest", "read", "config_op", "", "orders.parquet", outputs={"data": "orders"}),
    Step("transform", "large", "sql", "", "SELECT * FROM orders WHERE amount > 100",
         inputs={"orders": "orders"}, outputs={"data": "large"}),
    Step("store", "save", "config_op", "", "large.parquet", inputs={"data": "large"}),
]
result = Orchestrator(steps, keeps_data=False).execute()
assert result.success, result.errors
assert (result.run_dir / "story.html").stat().st_size > 1000
print(*sys.modules, sep="\\n")
"""


DESIGN = """
name: orders
steps:
  - {layer: ingest, name: read, type: config_op, value: orders.parquet, outputs: {data: orders}}
  - {layer: transform, name: large, type: sql, value: "SELECT * FROM orders WHERE amount > 100",
     inputs: {orders: orders}, outputs: {data: large}}
  - {layer: store, name: save, type: config_op, value: large.parquet, inputs: {data: large}}
"""
COMMAND = """
import sys
from odibi_core.cli.app import run_command
assert run_command(["run", "--quiet", "orders"]) == 0
print(*sys.modules, sep="\\n")
"""


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a pipeline that reads and writes Parquet and has SQL between."""
    folder = tmp_path_factory.mktemp("plain")
    (folder / "odibi.toml").write_text('name = "shop"\nthreads = 2\n')
    (folder / "pipelines").mkdir()
    (folder / "pipelines" / "orders.yaml").write_text(DESIGN)
    return folder


def modules(code: str, folder: Path) -> set[str]:
    """What is loaded at the end of a program, which prints it."""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


@pytest.fixture(scope="module")
def loaded(workspace: Path) -> set[str]:
    """The modules of a program that runs the pipeline."""
    return modules(RUN, workspace)


@pytest.fixture(scope="module")
def loaded_by_command(workspace: Path, loaded: set[str]) -> set[str]:
    """The modules of the command that runs it; the program has made its source."""
    assert loaded
    return modules(COMMAND, workspace)


@pytest.mark.parametrize("name", LIBRARIES.split())
def test_a_plain_run_loads_no_library_that_it_does_not_need(loaded: set[str], name: str) -> None:
    assert name not in loaded


@pytest.mark.parametrize("name", LIBRARIES.split())
def test_the_command_loads_none_beside_what_reads_its_file(loaded_by_command: set[str], name: str) -> None:
    assert name not in loaded_by_command - {"yaml", "logging"}


@pytest.mark.parametrize("name", MODULES.split())
def test_a_plain_run_loads_no_module_of_ours_that_it_does_not_need(
    loaded: set[str], name: str, request: pytest.FixtureRequest
) -> None:
    core = Path(request.config.rootpath) / "core" / "odibi_core" / name.replace(".", "/")
    assert core.is_dir() or core.with_suffix(".py").is_file(), "the module has another name now"
    assert f"odibi_core.{name}" not in loaded


FROZEN = """
import gc, sys
sys.argv = ["odibi", "run", "--quiet", "orders"]
{call}
assert code == 0
print(gc.get_freeze_count())
"""


def test_only_in_a_process_of_its_own_the_command_takes_its_libraries_from_the_garbage_collector(
    workspace: Path, loaded: set[str]
) -> None:
    assert loaded
    own = FROZEN.format(call="from odibi_core.cli import main; code = main()")
    other = FROZEN.format(call="from odibi_core.cli.app import run_command; code = run_command()")
    (count,), (none,) = modules(own, workspace), modules(other, workspace)
    assert int(count) > 10_000
    assert int(none) == 0
