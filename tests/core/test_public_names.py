"""The documented names are where they were promised, and importing the package costs nothing."""

from __future__ import annotations

import importlib
import inspect
import subprocess
import sys

import pytest

import odibi_core
from odibi_core.orchestrator import Orchestrator
from odibi_core.step import Step

PROMISED = {
    "odibi_core.step": "Step",
    "odibi_core.orchestrator": "Orchestrator",
    "odibi_core.dag_executor": "DAGExecutor",
    "odibi_core.distributed_executor": "DistributedExecutor ExecutionBackend",
    "odibi_core.engine_context": "EngineContext PandasEngineContext",
    "odibi_core.event_bus": "EventBus EventPriority create_summary_hook create_metrics_export_hook",
    "odibi_core.tracker": "Tracker",
    "odibi_core.checkpoint_manager": "CheckpointManager CheckpointMode",
    "odibi_core.cache_manager": "CacheManager CloudCacheManager",
    "odibi_core.metrics_manager": "MetricsManager",
    "odibi_core.story_generator": "StoryGenerator",
    "odibi_core.schedule_manager": "ScheduleManager ScheduleMode",
    "odibi_core.stream_manager": "StreamConfig StreamManager StreamMode",
    "odibi_core.functions": "register_function resolve_function",
}

HEAVY = "pandas _duckdb polars pyarrow deltalake pyspark streamlit sqlglot networkx jinja2 httpx numpy rich"


@pytest.mark.parametrize(("module", "names"), PROMISED.items(), ids=PROMISED)
def test_every_name_is_in_its_module_and_in_the_package(module: str, names: str) -> None:
    for name in names.split():
        assert getattr(odibi_core, name) is getattr(importlib.import_module(module), name)
        assert name in odibi_core.__all__


def test_all_is_the_truth() -> None:
    assert sorted(odibi_core.__all__) == odibi_core.__all__
    for name in odibi_core.__all__:
        assert getattr(odibi_core, name) is not None
        assert name in dir(odibi_core)
    with pytest.raises(AttributeError, match="no attribute 'Orchestra'"):
        odibi_core.Orchestra  # noqa: B018


def test_importing_the_package_or_declaring_steps_loads_no_heavy_library() -> None:
    for code in ("import odibi_core", "from odibi_core import Step, Pipeline, Parameter"):
        check = f"{code}; import sys; print([name for name in {HEAVY.split()} if name in sys.modules])"
        done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
        assert done.stdout.strip() == "[]"


def test_the_arguments_have_their_documented_names() -> None:
    step = "layer name type engine value params inputs outputs metadata expectations"
    assert list(inspect.signature(Step).parameters) == step.split()
    documented = (
        "steps engine_type pipeline_name parameters secrets context enable_tracker enable_cache cache_dir "
        "cache_manager enable_checkpoints checkpoint_mode checkpoint_dir resume_from_checkpoint max_retries "
        "retry_delay retry_backoff fail_fast metrics_manager event_bus distributed execution_backend "
        "distributed_max_workers tracking"
    )
    assert set(documented.split()) <= set(inspect.signature(Orchestrator).parameters)
    assert [mode.name for mode in odibi_core.CheckpointMode] == ["MANUAL", "AUTO", "INTERVAL", "LAYER"]
    assert [backend.name for backend in odibi_core.ExecutionBackend] == ["THREAD_POOL", "PROCESS_POOL"]
    priorities = odibi_core.EventPriority
    assert priorities.CRITICAL < priorities.HIGH < priorities.MEDIUM < priorities.LOW
