"""Odibi core: declared data pipelines that run headless, are watched, and explain themselves.

Importing the package loads nothing but this table: a name brings its module when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from odibi_core.lazy_names import lazy_names

if TYPE_CHECKING:
    from odibi_core.cache_manager import CacheManager, CloudCacheManager
    from odibi_core.checkpoint_manager import CheckpointManager, CheckpointMode
    from odibi_core.cloud_adapter import CloudAdapter
    from odibi_core.dag_executor import DAGExecutor
    from odibi_core.distributed_executor import DistributedExecutor, ExecutionBackend
    from odibi_core.engine_context import EngineContext, PandasEngineContext, SparkEngineContext
    from odibi_core.errors import OdibiError
    from odibi_core.event_bus import EventBus, EventPriority, create_metrics_export_hook, create_summary_hook
    from odibi_core.functions.origins import column_origins
    from odibi_core.functions.registry import register_function, resolve_function
    from odibi_core.metrics_manager import MetricsManager
    from odibi_core.orchestrator import Orchestrator
    from odibi_core.parameters import Parameter
    from odibi_core.pipeline import Pipeline
    from odibi_core.run_result import RunResult
    from odibi_core.schedule_manager import ScheduleManager, ScheduleMode
    from odibi_core.step import Step
    from odibi_core.story_generator import StoryGenerator
    from odibi_core.stream_manager import StreamConfig, StreamManager, StreamMode
    from odibi_core.tracker import Tracker

__version__ = "0.1.0"

_HOMES = {
    "CacheManager": "odibi_core.cache_manager",
    "CheckpointManager": "odibi_core.checkpoint_manager",
    "CheckpointMode": "odibi_core.checkpoint_manager",
    "CloudAdapter": "odibi_core.cloud_adapter",
    "CloudCacheManager": "odibi_core.cache_manager",
    "DAGExecutor": "odibi_core.dag_executor",
    "DistributedExecutor": "odibi_core.distributed_executor",
    "EngineContext": "odibi_core.engine_context",
    "EventBus": "odibi_core.event_bus",
    "EventPriority": "odibi_core.event_bus",
    "ExecutionBackend": "odibi_core.distributed_executor",
    "MetricsManager": "odibi_core.metrics_manager",
    "OdibiError": "odibi_core.errors",
    "Orchestrator": "odibi_core.orchestrator",
    "PandasEngineContext": "odibi_core.engine_context",
    "Parameter": "odibi_core.parameters",
    "Pipeline": "odibi_core.pipeline",
    "RunResult": "odibi_core.run_result",
    "ScheduleManager": "odibi_core.schedule_manager",
    "ScheduleMode": "odibi_core.schedule_manager",
    "SparkEngineContext": "odibi_core.engine_context",
    "Step": "odibi_core.step",
    "StoryGenerator": "odibi_core.story_generator",
    "StreamConfig": "odibi_core.stream_manager",
    "StreamManager": "odibi_core.stream_manager",
    "StreamMode": "odibi_core.stream_manager",
    "Tracker": "odibi_core.tracker",
    "column_origins": "odibi_core.functions.origins",
    "create_metrics_export_hook": "odibi_core.event_bus",
    "create_summary_hook": "odibi_core.event_bus",
    "register_function": "odibi_core.functions.registry",
    "resolve_function": "odibi_core.functions.registry",
}

__all__ = [
    "CacheManager",
    "CheckpointManager",
    "CheckpointMode",
    "CloudAdapter",
    "CloudCacheManager",
    "DAGExecutor",
    "DistributedExecutor",
    "EngineContext",
    "EventBus",
    "EventPriority",
    "ExecutionBackend",
    "MetricsManager",
    "OdibiError",
    "Orchestrator",
    "PandasEngineContext",
    "Parameter",
    "Pipeline",
    "RunResult",
    "ScheduleManager",
    "ScheduleMode",
    "SparkEngineContext",
    "Step",
    "StoryGenerator",
    "StreamConfig",
    "StreamManager",
    "StreamMode",
    "Tracker",
    "column_origins",
    "create_metrics_export_hook",
    "create_summary_hook",
    "register_function",
    "resolve_function",
]

__getattr__, __dir__ = lazy_names(__name__, _HOMES)
