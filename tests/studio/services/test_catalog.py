"""The catalog is made from the core's own models, and tells names of secrets but never a value."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from odibi_core.expectations.model import KINDS
from odibi_core.formats.registry import format_names, server_names
from odibi_core.workspace import Workspace
from odibi_studio.services.catalog import make_catalog

MakeFile = Callable[[str, str | bytes], Path]


def test_every_format_is_there_with_what_it_can_do(workspace: Workspace) -> None:
    catalog = make_catalog(workspace)
    assert [form.name for form in catalog.formats] == [*format_names(), *server_names()]
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
    (shop,) = catalog.connections
    assert (shop.name, shop.kind, shop.place, shop.format) == ("shop", "http", "https://shop.example", "http")
    assert {form.name for form in catalog.formats} >= {"csv", "http", "postgresql"}
    places = {secret.name: secret.place for secret in catalog.secrets}
    assert places["OTHER"] == ""
    assert places["API_KEY"] == "the environment variable API_KEY"
    assert "hush-hush" not in catalog.model_dump_json()


def test_secrets_of_every_place_are_offered_and_the_first_place_counts(
    workspace: Workspace, make_file: MakeFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_DB_PASSWORD", "hush-1")
    monkeypatch.setenv("OTHER_TOKEN", "hush-2")
    make_file(".env", "DB_PASSWORD=hush-3\nSMTP_LOGIN=hush-4\n")
    make_file("mounted/API_TOKEN", "hush-5\n")
    make_file("mounted/..data/API_TOKEN", "hush-6\n")
    make_file("broken.env", "hush-7\n")
    make_file(
        "odibi.toml",
        "[secrets]\nproviders = [\n"
        '  {kind = "environment", prefix = "SHOP_"},\n  {kind = "dotenv", path = ".env"},\n'
        '  {kind = "dotenv", path = "broken.env"},\n  {kind = "files", path = "mounted"},\n'
        '  {kind = "files", path = "nowhere"},\n  {kind = "keyring"},\n'
        '  {kind = "aws_secrets_manager", names = {PARTNER = "partner#token"}},\n]\n',
    )
    catalog = make_catalog(workspace)
    assert [(secret.name, secret.place) for secret in catalog.secrets] == [
        ("API_TOKEN", f"the file {workspace.root / 'mounted' / 'API_TOKEN'}"),
        ("DB_PASSWORD", "the environment variable SHOP_DB_PASSWORD"),
        ("PARTNER", "'partner' in AWS Secrets Manager"),
        ("SMTP_LOGIN", f"SMTP_LOGIN=… in {workspace.root / '.env'}"),
    ]
    assert "hush" not in catalog.model_dump_json()


def test_of_a_whole_environment_only_what_speaks_of_a_secret_is_offered(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    speaking = {"GITHUB_TOKEN", "AWS_SECRET_ACCESS_KEY", "DB_PWD", "PG_DSN"}
    others = {"EDITOR_OF_MINE", "KEYBOARD", "PWD"}
    for name in speaking | others:
        monkeypatch.setenv(name, "hush")
    found = {secret.name for secret in make_catalog(workspace).secrets}
    assert speaking <= found
    assert not found & others


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


def test_every_expectation_has_a_form_that_says_of_which_columns(workspace: Workspace) -> None:
    forms = {form.check: form for form in make_catalog(workspace).expectations}
    assert list(forms) == list(KINDS)
    for form in forms.values():
        fields = form.settings["properties"]
        assert form.title
        assert form.description.endswith(".")
        assert all(field["description"] for name, field in fields.items() if name != "check")
        # What is expected comes first, what all have in common last.
        assert list(fields)[-1] == "output"
    assert forms["not_null"].settings["properties"]["columns"]["x-input"] == "output"
    assert forms["foreign_key"].settings["properties"]["key"]["x-input"] == "references"
    assert forms["range"].settings["properties"]["tolerance"]["x-widget"] == "share"
