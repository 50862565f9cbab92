"""The documented medallion pipeline runs unchanged on Spark, over a storage account of Azure's kind."""

from __future__ import annotations

import json
import re
import runpy
from collections.abc import Iterator
from pathlib import Path

import pytest
from deltalake import DeltaTable
from tests.contracts.test_examples import CUSTOMERS, check_medallion
from tests.object_stores import SECRET, ObjectStore, azure_server

pytestmark = [pytest.mark.xdist_group("spark"), pytest.mark.usefixtures("spark")]

SCRIPT = Path(__file__).parents[3] / "contracts" / "medallion_pipeline.txt"


@pytest.fixture(scope="module")
def storage() -> Iterator[ObjectStore]:
    """The account `storage`, with the customers in its container `raw`."""
    with azure_server(("storage",)) as server:
        server.make_bucket("raw")
        server.account.filesystem.pipe_file("raw/customers.csv", CUSTOMERS.encode())
        yield server


def test_the_documented_medallion_pipeline_runs_unchanged_on_spark(
    tmp_path: Path,
    storage: ObjectStore,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "odibi.toml").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AZURE_STORAGE_ENDPOINT", storage.endpoint)
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", SECRET)
    # Everything but the account that the environment leads to is as documented, and again gives the same.
    for number in range(2):
        left = runpy.run_path(str(SCRIPT))
        left["result"].close()
        told = capsys.readouterr().out
        assert "Pipeline Status: ✅ SUCCESS\nNodes Executed: 7\n" in told
        for layer in ("bronze", "silver", "gold"):
            assert f"✅ Layer '{layer}' completed" in told
        assert "CRITICAL" not in told
        assert float(re.search(r"Duration: ([\d.]+)ms", told)[1]) > 0  # type: ignore[index]
        check_medallion(tmp_path)
        assert DeltaTable(str(tmp_path / "data/silver/customers")).version() == number
    steps = json.loads((tmp_path / "lineage.json").read_text())["steps"]
    assert {step["engine"] for step in steps} == {"spark"}
    assert "dedupe_customers" in (tmp_path / "medallion_story.html").read_text()
    assert "odibi_" in (tmp_path / "metrics_prometheus.txt").read_text()
    assert json.loads((tmp_path / "metrics.json").read_text())
    assert any((tmp_path / "checkpoints").iterdir())
    for file in (path for path in tmp_path.rglob("*") if path.is_file()):
        assert SECRET.encode() not in file.read_bytes(), file
