"""The catalog is made from the core's own models, and tells names of secrets but never a value."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from odibi_core.formats.registry import format_names
from odibi_core.workspace import Workspace
from odibi_studio.services.catalog import make_catalog

MakeFile = Callable[[str, str | bytes], Path]


def test_every_format_is_there_with_what_it_can_do(workspace: Workspace) -> None:
    catalog = make_catalog(workspace)
    assert [form.name for form in catalog.formats] == list(format_names())
    csv = next(form for form in catalog.formats if form.name == "csv")
    assert csv.extensions == [".csv", ".tsv"]
    assert csv.modes[0] == "overwrite"
    assert "delimiter" in csv.read_options["properties"]
    assert csv.read_options["properties"]["schema"]["x-alias"] == "column_types"


def test_settings_have_the_names_that_pipelines_use(workspace: Workspace) -> None:
    kinds = {form.kind: form.settings["properties"] for form in make_catalog(workspace).kinds}
    assert set(kinds) == {"connect", "ingest", "sql", "function", "store", "publish", "http_publish"}
    assert kinds["store"]["partitionBy"]["x-widget"] == "columns"
    assert all(field["description"] for fields in kinds.values() for field in fields.values())


def test_functions_of_sql_tell_what_they_take(workspace: Workspace) -> None:
    functions = {function.name: function for function in make_catalog(workspace).sql_functions}
    assert functions["upper"].signature == "upper(string VARCHAR) → VARCHAR"
    assert functions["date_format"].description == "Spark's; translated for DuckDB."
    assert not any(name.startswith(("getenv", "read_")) for name in functions)


def test_connections_and_secrets_are_names_alone(
    workspace: Workspace, make_file: MakeFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("API_KEY", "hush-hush")
    make_file(
        "odibi.toml",
        '[connections.shop]\nkind = "http"\nurl = "https://shop.example"\n'
        'headers = {Authorization = "Bearer ${secret:API_KEY}"}\n',
    )
    make_file("pipelines/a.yaml", "name: a\nsteps:\n  - {value: '${secret:OTHER}'}\n")
    catalog = make_catalog(workspace)
    assert catalog.connections == ["shop"]
    assert catalog.secrets == ["API_KEY", "OTHER"]
    assert "hush-hush" not in catalog.model_dump_json()


def test_functions_of_allowed_modules_tell_inputs_and_parameters(
    workspace: Workspace, make_file: MakeFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_file("odibi.toml", '[functions]\nallow = ["shop_rules", "no_such_module"]\n')
    make_file(
        "shop_rules.py",
        "import pandas as pd\n\n\n"
        "def discount(orders: pd.DataFrame, rate: float, label='x', *, limit=None):\n"
        '    """Orders with a discount."""\n    return orders\n\n\ndef _hidden(): ...\n',
    )
    monkeypatch.syspath_prepend(workspace.root)
    (form,) = [form for form in make_catalog(workspace).functions if form.name.startswith("shop_rules")]
    assert form.name == "shop_rules.discount"
    assert form.inputs == ["orders"]
    assert form.description == "Orders with a discount."
    assert [(each["name"], each["required"], each["default"]) for each in form.parameters] == [
        ("rate", True, None),
        ("label", False, "x"),
        ("limit", False, None),
    ]
