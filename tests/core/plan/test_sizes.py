"""What a plan says of how much there is to read."""

from __future__ import annotations

import duckdb

from odibi_core.orchestrator import Orchestrator
from odibi_core.plan.model import SourceSize
from odibi_core.testing import ingest_step, sql_step, store_step
from odibi_core.workspace import Workspace


def test_a_plan_tells_bytes_and_rows_of_sources_and_what_each_region_reads(workspace: Workspace) -> None:
    parquet, text = workspace.root / "rows.parquet", workspace.root / "names.csv"
    duckdb.execute(f"COPY (SELECT range AS id FROM range(5000)) TO '{parquet}'")
    text.write_text("id,name\n1,a\n")
    size = parquet.stat().st_size
    plan = Orchestrator(
        [
            ingest_step("rows", "rows.parquet"),
            ingest_step("names", "names.csv"),
            ingest_step("missing", "nothing.parquet"),
            store_step("copied", "out/copy.parquet", "rows"),
            sql_step("named", "SELECT * FROM rows JOIN names USING (id)", "rows", "names"),
        ],
        workspace=workspace,
        tracking="fused",
    ).plan()
    assert plan.sizes == {"rows": SourceSize(size, 5000), "names": SourceSize(12, None)}
    assert plan.bytes_read == {"rows": 0, "copied": size, "named": size + 12, "missing": 0}
    told = {step["name"]: (step["size_bytes"], step["row_count"]) for step in plan.as_dict()["steps"]}
    assert told["rows"] == (size, 5000)
    assert told["named"] == (None, None)
