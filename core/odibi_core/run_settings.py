"""How a pipeline is run, where nobody says otherwise."""

from __future__ import annotations

from typing import Any, Literal

from odibi_core.errors import Problem, did_you_mean
from odibi_core.formats.base import LateOptions
from odibi_core.model import Field, field_names, mistakes_of, nearest_choice
from odibi_core.plan.model import Tracking
from odibi_core.workspace_settings import SIZE_PATTERN


class RunSettings(LateOptions):
    """The settings of a run; a pipeline may keep its own under `settings`."""

    enable_tracker: bool = Field(True, description="Keep schemas, row counts and samples of every step.")
    max_retries: int = Field(
        0, ge=0, le=100, description="Tries after the first one, for errors that may pass."
    )
    retry_delay: float = Field(1.0, ge=0, description="Seconds before the first retry.")
    retry_backoff: bool = Field(False, description="Wait twice as long before each further retry.")
    fail_fast: bool = Field(
        True, description="End the run at the first failure; else go on with other branches."
    )
    distributed: bool = Field(False, description="Run independent steps at the same time.")
    distributed_max_workers: int | None = Field(
        None,
        ge=1,
        le=256,
        description="Steps that run at the same time; as many as there are cores if unset.",
    )
    execution_backend: str = Field(
        "thread_pool",
        pattern="^(thread_pool|process_pool)$",
        description="Where Python functions run: thread_pool or process_pool.",
    )
    enable_cache: bool = Field(
        False, description="Keep the results of steps, and take them again where nothing changed."
    )
    cache_dir: str = Field(
        "cache/", min_length=1, description="The folder of kept results, or a URL such as s3://bucket/folder."
    )
    enable_checkpoints: bool = Field(
        False, description="Save where the run stands, so that it can be resumed."
    )
    checkpoint_mode: str = Field(
        "layer",
        pattern="^(manual|auto|interval|layer)$",
        description="When a checkpoint is saved. manual: when asked; auto: after two seconds of work; "
        "interval: every 10 steps or 60 s; layer: when a layer is complete.",
    )
    checkpoint_dir: str = Field("checkpoints/", min_length=1, description="The folder of checkpoints.")
    resume_from_checkpoint: bool = Field(
        False, description="Go on from the latest checkpoint of a run that did not succeed."
    )
    tracking: Tracking = Field(
        Tracking.AUTO, description="How closely steps are watched: auto, exact or fused."
    )
    health: bool | None = Field(
        None,
        description="Whether the two sides of each join are counted: how many rows find partners, and how "
        "many. If unset, where that costs no second pass over the data.",
    )
    no_rows: Literal["ignore", "warn"] = Field(
        "ignore", description="Whether it is told where a step gives no rows, and those before it gave some."
    )
    profile: bool | None = Field(
        None,
        description="Whether it is kept what the values of every column are like, to compare runs by. If "
        "unset, of what the pipeline gives, where that is held and small; true: of every step, and what "
        "streams is computed once more.",
    )
    ordered: bool = Field(
        True,
        description="Whether rows keep their order where nothing sorts them; false takes less memory.",
    )
    memory_limit: str | None = Field(
        None,
        pattern=SIZE_PATTERN,
        description="How much memory the run may take, such as 4GB; what is more goes to the disk. "
        "The workspace's if unset.",
    )
    published: bool = Field(
        False, description="Whether the Studio offers it as a form to people who build no pipelines."
    )
    threads: int | None = Field(
        None, ge=1, description="How many threads an engine may use; the workspace's if unset."
    )


def settings_problems(given: dict[str, Any]) -> list[Problem]:
    """The mistakes in a pipeline's settings."""
    try:
        RunSettings.model_validate(given)
    except ValueError as error:
        return [_problem(item, given) for item in mistakes_of(error)]
    return []


def _problem(item: Any, given: dict[str, Any]) -> Problem:
    name = ".".join(str(part) for part in item["loc"])
    if item["type"] == "extra_forbidden":
        hint = did_you_mean(name, field_names(RunSettings))
        return Problem(f"there is no setting {name!r}", field=f"settings.{name}", fix=hint)
    message = str(item["msg"])
    if item["type"] == "string_pattern_mismatch" and name == "memory_limit":
        message = "give a size such as 512MB or 4GB"
    near = nearest_choice(item, given)
    if near and item["type"] == "string_pattern_mismatch":
        message = f"there is no {name} {given[name]!r}"
    return Problem(message[:1].lower() + message[1:], field=f"settings.{name}", fix=near)
