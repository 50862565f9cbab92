"""Expectations of a step live through the Studio: what it shows and saves keeps them."""

from __future__ import annotations

from odibi_core.design.yaml_form import load_yaml
from odibi_studio.services.documents import core_pipeline, pipeline_form

TEXT = """\
name: shop
steps:
  - name: read
    layer: bronze
    type: config_op
    value: orders.csv
    outputs: {data: orders}
    expectations:
      - {check: range, column: amount, min: 0}
"""


def test_a_pipeline_that_the_browser_had_keeps_its_expectations() -> None:
    pipeline = load_yaml(TEXT)
    assert pipeline.steps[0].expectations == [{"check": "range", "column": "amount", "min": 0}]
    assert core_pipeline(pipeline_form(pipeline)) == pipeline
