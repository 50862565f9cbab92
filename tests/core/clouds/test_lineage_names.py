"""What OpenLineage calls objects, and rows of services: by its conventions, and without credentials."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from odibi_core.alerts.lineage_names import DatasetNames
from odibi_core.journal.record import RunRecord
from odibi_core.workspace import Workspace

CONNECTIONS = """
[connections.lake]
kind = "s3"
bucket = "raw"
path = "sales"

[connections.blobs]
kind = "azure"
account_name = "shop"
container = "raw"

[connections.archive]
kind = "gcs"
bucket = "old"

[connections.cluster]
kind = "hdfs"
host = "names"

[connections.api]
kind = "http"
url = "https://api.example.com/v1"
"""


@pytest.fixture
def names(workspace: Workspace) -> DatasetNames:
    (workspace.root / "odibi.toml").write_text(CONNECTIONS)
    record = SimpleNamespace(run_id="20240101T000000-aaaaaa", parameters={}, pipeline_name="p")
    return DatasetNames(workspace, cast(RunRecord, record), "ns")


@pytest.mark.parametrize(
    ("value", "connection", "expected"),
    [
        ("2024.csv", "lake", ("s3://raw", "sales/2024.csv")),
        ("s3a://raw/a/b.csv", "", ("s3://raw", "a/b.csv")),
        ("s3://raw", "", ("s3://raw", "/")),
        ("a.csv", "blobs", ("abfss://raw@shop.dfs.core.windows.net", "a.csv")),
        ("az://raw/a.csv", "", ("abfss://raw@shop.dfs.core.windows.net", "a.csv")),
        (
            "abfss://c@a.blob.core.chinacloudapi.cn/k",
            "",
            ("abfss://c@a.dfs.core.chinacloudapi.cn", "k"),
        ),
        ("a.csv", "archive", ("gs://old", "a.csv")),
        ("a.csv", "cluster", ("hdfs://names:8020", "a.csv")),
        ("orders?key=HIDDEN", "api", ("https://api.example.com", "v1/orders")),
        ("https://u:HIDDEN@h:8443/x?k=HIDDEN#HIDDEN", "", ("https://h:8443", "x")),
        ("http://[abc", "", None),
    ],
)
def test_objects_and_services_have_the_names_of_the_convention(
    names: DatasetNames, value: str, connection: str, expected: tuple[str, str] | None
) -> None:
    params: dict[str, Any] = {"connection": connection} if connection else {}
    assert names.source({"value": value, "params": params}) == expected


def test_what_was_written_to_a_store_is_named_alike(names: DatasetNames) -> None:
    step = {
        "value": "a.csv",
        "params": {"connection": "lake"},
        "written": {"path": "s3://raw/sales/a.csv"},
    }
    assert names.target(step) == ("s3://raw", "sales/a.csv")
