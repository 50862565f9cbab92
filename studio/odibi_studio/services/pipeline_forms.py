"""From the designer's pipeline to the core's."""

from __future__ import annotations

from typing import cast

from odibi_core.parameters import Parameter, ParameterType
from odibi_core.pipeline import Pipeline
from odibi_core.step import Step
from odibi_studio.messages import PipelineForm


def core_pipeline(form: PipelineForm) -> Pipeline:
    """The pipeline; what is wrong in the form is wrong in it too."""
    parameters = {
        name: Parameter(
            name,
            cast(ParameterType, declared.type),
            declared.default,
            tuple(declared.choices),
            declared.description,
        )
        for name, declared in form.parameters.items()
    }
    steps = [Step(**step.model_dump()) for step in form.steps]
    return Pipeline(form.name, steps, parameters, dict(form.settings), form.engine, form.description)
