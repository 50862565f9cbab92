from __future__ import annotations

import pytest

from odibi_core.errors import UnknownNameError
from odibi_core.pipeline import Pipeline
from odibi_core.testing import sql_step


def test_steps_are_found_by_name() -> None:
    pipeline = Pipeline("p", [sql_step("load", "SELECT 1"), sql_step("clean", "SELECT * FROM load", "load")])
    assert pipeline.step("clean") is pipeline.steps[1]
    with pytest.raises(UnknownNameError, match="did you mean 'clean'"):
        pipeline.step("clen")
    assert {key: step.name for key, step in pipeline.producers().items()} == {
        "load": "load",
        "clean": "clean",
    }
