"""The published schema takes what runs and rejects what people get wrong."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from odibi_core.design.document import Plain, document
from odibi_core.design.json_schema import pipeline_schema, schema_text
from odibi_core.design.templates import templates
from odibi_core.design.yaml_form import load_yaml
from odibi_core.formats.registry import format_names

ROOT = Path(__file__).parents[3]
SAMPLES = sorted((ROOT / "sample_data" / "pipelines").glob("*.yaml"))
VALIDATOR = Draft202012Validator(pipeline_schema())
BATCH = {
    "name": "p",
    "engine": "pandas",
    "parameters": {"n": {"type": "number", "default": 1}},
    "settings": {"max_retries": 3},
    "steps": [
        {"name": "read", "layer": "bronze", "type": "config_op", "value": "a.csv",
         "params": {"source_type": "csv", "header": True, "delimiter": ";"}, "outputs": {"data": "raw"}},
        {"name": "keep", "layer": "silver", "type": "sql", "value": "SELECT 1", "inputs": {"raw": "raw"},
         "outputs": {"data": "kept"}, "params": {"materialize": True}},
        {"name": "call", "layer": "silver", "type": "function", "value": "my.function",
         "inputs": {"raw": "raw"}, "outputs": {"data": "made"}, "params": {"any": [1], "max_retries": 2}},
        {"name": "save", "layer": "gold", "type": "config_op", "value": "out", "inputs": {"data": "kept"},
         "params": {"format": "delta", "mode": "append", "partitionBy": ["a"]}},
        {"name": "send", "layer": "publish", "type": "api", "value": "https://example.org",
         "inputs": {"data": "kept"}, "params": {"method": "PUT", "batch_size": 10}},
        {"name": "check", "layer": "connect", "type": "config_op", "value": "storage"},
    ],
}  # fmt: skip


def mistakes(pipeline: Any) -> list[str]:
    return [f"{error.json_path}: {error.message}" for error in VALIDATOR.iter_errors(pipeline)]


def changed(change: Callable[[Any], object]) -> Any:
    pipeline = copy.deepcopy(BATCH)
    change(pipeline)
    return pipeline


def test_the_schema_is_a_valid_one() -> None:
    Draft202012Validator.check_schema(pipeline_schema())


def test_the_published_file_is_the_schema_that_the_code_makes() -> None:
    published = (ROOT / "docs" / "schema" / "pipeline.schema.json").read_text(encoding="utf-8")
    assert published == schema_text(), "write it anew: odibi schema > docs/schema/pipeline.schema.json"


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_the_sample_pipelines_are_valid(path: Path) -> None:
    assert mistakes(document(load_yaml(path), Plain("YAML"))) == []


@pytest.mark.parametrize("template", templates(), ids=lambda template: template.name)
def test_the_templates_are_valid(template: Any) -> None:
    assert mistakes(document(template.pipeline, Plain("YAML"))) == []


def test_a_pipeline_of_every_kind_of_step_is_valid() -> None:
    assert mistakes(BATCH) == []


@pytest.mark.parametrize(
    "change",
    [
        lambda p: p["steps"][1]["params"].update(max_retries="{n}"),
        lambda p: p["steps"][3]["params"].update(partitionBy="a"),
        lambda p: p["steps"][0]["params"].update(sep="\t"),
        lambda p: p["steps"][3]["params"].update(partition_by=["a"]),
        lambda p: p["steps"][0].update(params=None),
        lambda p: p["steps"][0]["params"].pop("source_type"),
    ],
)
def test_placeholders_single_columns_and_other_spellings_are_valid(change: Callable[[Any], object]) -> None:
    assert mistakes(changed(change)) == []


@pytest.mark.parametrize(
    ("change", "path"),
    [
        (lambda p: p.pop("name"), "$"),
        (lambda p: p.update(step=[]), "$"),
        (lambda p: p.update(steps=[]), "$.steps"),
        (lambda p: p.update(engine="panda"), "$.engine"),
        (lambda p: p["settings"].update(max_retry=1), "$.settings"),
        (lambda p: p["settings"].update(max_retries=-1), "$.settings.max_retries"),
        (lambda p: p["parameters"].update({"1n": {"type": "text"}}), "$.parameters"),
        (lambda p: p["parameters"].update(n={"type": "nummer"}), "$.parameters.n.type"),
        (lambda p: p["parameters"].update(n={"type": "choice"}), "$.parameters.n"),
        (lambda p: p["steps"][0].pop("layer"), "$.steps[0]"),
        (lambda p: p["steps"][0].update(input={}), "$.steps[0]"),
        (lambda p: p["steps"][0].update(value=7), "$.steps[0].value"),
        (lambda p: p["steps"][0]["params"].update(headr=True), "$.steps[0].params"),
        (lambda p: p["steps"][0]["params"].update(lines=True), "$.steps[0].params"),
        (lambda p: p["steps"][0]["params"].update(source_type="cvs"), "$.steps[0].params.source_type"),
        (lambda p: p["steps"][0]["params"].update(header="maybe"), "$.steps[0].params.header"),
        (lambda p: p["steps"][1].update(type="sqll"), "$.steps[1].type"),
        (lambda p: p["steps"][1].pop("outputs"), "$.steps[1]"),
        (lambda p: p["steps"][1].update(outputs={"a": "b", "c": "d"}), "$.steps[1].outputs"),
        (lambda p: p["steps"][1].update(inputs={"raw": 1}), "$.steps[1].inputs.raw"),
        (lambda p: p["steps"][1]["params"].update(header=True), "$.steps[1].params"),
        (lambda p: p["steps"][2]["params"].update(max_retries="two"), "$.steps[2].params.max_retries"),
        (lambda p: p["steps"][3]["params"].update(mode="apend"), "$.steps[3].params.mode"),
        (lambda p: p["steps"][3]["params"].update(delimiter=";"), "$.steps[3].params"),
        (lambda p: p["steps"][4].pop("inputs"), "$.steps[4]"),
        (lambda p: p["steps"][4]["params"].update(method="GET"), "$.steps[4].params.method"),
        (lambda p: p["steps"][5].update(params={"conection": "x"}), "$.steps[5].params"),
    ],
)
def test_a_typical_mistake_is_rejected_where_it_is(change: Callable[[Any], object], path: str) -> None:
    assert path in {message.partition(": ")[0] for message in mistakes(changed(change))}


def test_every_setting_has_a_description() -> None:
    schema = pipeline_schema()
    for name, definition in schema["$defs"].items():
        for field, made in definition.get("properties", {}).items():
            assert made.get("description"), f"{name}.{field}"


def test_every_format_completes_its_own_settings() -> None:
    names = pipeline_schema()["$defs"]
    assert {f"ingest_{name}_params" for name in format_names()} <= set(names)
    assert "header" in names["ingest_csv_params"]["properties"]
    assert "header" not in names["ingest_json_params"]["properties"]


def test_no_reference_leads_nowhere_and_none_needs_a_network() -> None:
    text = schema_text()
    schema = json.loads(text)
    references = {part.split('"')[0] for part in text.split('"$ref": "')[1:]}
    assert references == {f"#/$defs/{name}" for name in schema["$defs"]}
