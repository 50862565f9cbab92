"""A design's document: the YAML that is kept, the form that is edited, and the way between the two."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, cast

from odibi_core.design.yaml_form import dump_yaml, load_yaml, rewrite_yaml
from odibi_core.errors import DesignError
from odibi_core.parameters import Parameter, ParameterType
from odibi_core.pipeline import Pipeline
from odibi_core.step import Step
from odibi_studio.messages import Document, Layout, ParameterForm, PipelineForm, StepForm

REFORMATTED = (
    "the YAML could not be changed in place and was written anew, without its comments; "
    "the versions before still have them"
)


def layout_text(layout: Layout) -> str:
    """A layout as it is kept: the same text for the same layout."""
    return json.dumps(layout.model_dump(), sort_keys=True, separators=(",", ":"))


EMPTY_LAYOUT = layout_text(Layout())


@dataclass(frozen=True, slots=True)
class Content:
    """What is kept of a document.

    Attributes:
        text: The pipeline's YAML; the truth.
        layout: Where things lie on the canvas, as JSON with sorted keys.
    """

    text: str
    layout: str = EMPTY_LAYOUT

    @property
    def digest(self) -> str:
        """The same for equal contents alone."""
        return hashlib.sha256(f"{self.text}\0{self.layout}".encode("utf-8", "surrogatepass")).hexdigest()

    @property
    def pipeline(self) -> Pipeline:
        """The pipeline, shared by all who ask: not to be changed."""
        return _parsed(self.text)

    @property
    def document(self) -> Document:
        """The form that is edited."""
        return Document(pipeline=pipeline_form(self.pipeline), layout=Layout.model_validate_json(self.layout))


@lru_cache(maxsize=256)
def _parsed(text: str) -> Pipeline:
    return load_yaml(text)


def first_content(pipeline: Pipeline) -> Content:
    """The content of a pipeline that has no text yet."""
    return Content(dump_yaml(pipeline))


def rewritten(old: Content, document: Document) -> tuple[Content, list[str]]:
    """The content that holds `document`, its text as it was wherever the pipeline is; and warnings.

    Raises:
        PipelineInvalidError: The document holds what YAML can't; it names each such thing.
        DesignError: A name is too long for YAML.
    """
    pipeline = core_pipeline(_with_numbers_of(pipeline_form(old.pipeline), document.pipeline))
    text, warnings = _rewritten_text(old.text, pipeline)
    return Content(text, layout_text(document.layout)), warnings


def renamed(old: Content, name: str) -> Content:
    """The content with another name for its pipeline."""
    pipeline = replace(old.pipeline, name=name)
    return Content(_rewritten_text(old.text, pipeline)[0], old.layout)


def with_setting(old: Content, name: str, value: object) -> Content:
    """The content with another setting of its pipeline; None takes it away."""
    settings = {key: known for key, known in old.pipeline.settings.items() if key != name}
    pipeline = replace(old.pipeline, settings=settings | ({} if value is None else {name: value}))
    return Content(_rewritten_text(old.text, pipeline)[0], old.layout)


def _rewritten_text(text: str, pipeline: Pipeline) -> tuple[str, list[str]]:
    try:
        return rewrite_yaml(text, pipeline), []
    except DesignError:
        # Whatever YAML can't hold is refused here again.
        return dump_yaml(pipeline), [REFORMATTED]


def pipeline_form(pipeline: Pipeline) -> PipelineForm:
    """A pipeline as the browser gets it."""
    return PipelineForm(
        name=pipeline.name,
        description=pipeline.description,
        engine=pipeline.engine,
        parameters={
            name: ParameterForm(
                type=parameter.type,
                default=parameter.default,
                choices=list(parameter.choices),
                description=parameter.description,
            )
            for name, parameter in pipeline.parameters.items()
        },
        settings=pipeline.settings,
        steps=[
            StepForm(
                name=step.name,
                layer=step.layer,
                type=step.type,
                engine=step.engine,
                value=step.value,
                params=step.params,
                inputs=step.inputs,
                outputs=step.outputs,
                metadata=step.metadata,
                expectations=step.expectations,
            )
            for step in pipeline.steps
        ],
    )


def core_pipeline(form: PipelineForm) -> Pipeline:
    """A pipeline as the core has it; what is wrong in the form is wrong in it too."""
    return Pipeline(
        form.name,
        [Step(**step.model_dump()) for step in form.steps],
        parameters={
            name: Parameter(
                name,
                # A type that there is not is told by whoever writes or checks the pipeline.
                cast(ParameterType, parameter.type),
                parameter.default,
                tuple(parameter.choices),
                parameter.description,
            )
            for name, parameter in form.parameters.items()
        },
        settings=dict(form.settings),
        engine=form.engine,
        description=form.description,
    )


def search_text(pipeline: Pipeline) -> str:
    """What a search looks at beside name and description: steps, their SQL, paths and datasets."""
    return "\n".join(dict.fromkeys(_words(pipeline)))


def _words(pipeline: Pipeline) -> Iterator[str]:
    for step in pipeline.steps:
        yield step.name
        yield str(step.value)
        yield from step.outputs.values()


def _with_numbers_of(old: PipelineForm, new: PipelineForm) -> PipelineForm:
    """The new form with numbers spelled as in the old one: a browser knows no 1.0 and no large integers."""
    before = {step.name: step for step in old.steps}
    steps = [
        StepForm(**_settled(before[step.name].model_dump(), step.model_dump()))
        if step.name in before
        else step
        for step in new.steps
    ]
    rest = _settled(old.model_dump(exclude={"steps"}), new.model_dump(exclude={"steps"}))
    return PipelineForm(**rest, steps=steps)


def _settled(old: Any, new: Any) -> Any:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        return {key: _settled(old.get(key), item) for key, item in new.items()}
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        return [_settled(one, other) for one, other in zip(old, new, strict=True)]
    if _is_number(old) and _is_number(new) and float(old) == float(new):
        return old
    return new


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e300
