"""Comparing what a pipeline gives on both engines."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import pytest

from odibi_core.cli.app import run_command
from odibi_core.errors import OdibiError, UnknownNameError
from odibi_core.parity import Parity, Verdict, check_parity
from odibi_core.parity.comparing import Difference, compare_rows
from odibi_core.pipeline import Pipeline
from odibi_core.schema import Schema
from odibi_core.step import Step
from odibi_core.testing import function_step, ingest_step, sql_step, store_step
from odibi_core.workspace import Workspace

ORDERS = "id,customer,amount\n1,ana,10.5\n2,bo,20\n3,ana,7.25\n4,,9\n5,bo,31\n"


def table(query: str) -> tuple[pa.Table, Schema]:
    with duckdb.connect() as database:
        relation = database.sql(query)
        schema = Schema.of(zip(relation.columns, map(str, relation.types), strict=True))
        return relation.to_arrow_table(), schema


def difference(one: str, other: str, tolerance: float = 1e-9) -> Difference:
    (first, schema), (second, other_schema) = table(one), table(other)
    return compare_rows(first, second, (schema, other_schema), tolerance=tolerance, examples=5)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("FROM (VALUES (1, 'a'), (2, 'b')) AS t(i, s)", "FROM (VALUES (2, 'b'), (1, 'a')) AS t(i, s)"),
        ("SELECT 0.1 + 0.2::DOUBLE AS d", "SELECT 0.3::DOUBLE AS d"),
        ("SELECT 'nan'::DOUBLE AS d", "SELECT 'nan'::DOUBLE AS d"),
        ("SELECT NULL::DOUBLE AS d", "SELECT NULL::DOUBLE AS d"),
        ("SELECT 1::INTEGER AS i", "SELECT 1::BIGINT AS i"),
        ("SELECT 1.50::DECIMAL(9, 2) AS m", "SELECT 1.5::DOUBLE AS m"),
        ("SELECT [1, 2] AS l, {'a': 1} AS s", "SELECT [1, 2] AS l, {'a': 1} AS s"),
        ("SELECT DATE '2024-01-01' AS d", "SELECT TIMESTAMP '2024-01-01' AS d"),
        # Sorted by the first float they would be paired crosswise.
        (
            "FROM (VALUES (1.0::DOUBLE, 5.0::DOUBLE), (1.00000000001, 7.0)) AS t(a, b)",
            "FROM (VALUES (1.00000000001::DOUBLE, 5.0::DOUBLE), (1.0, 7.0)) AS t(a, b)",
        ),
    ],
)
def test_what_is_the_same(one: str, other: str) -> None:
    assert difference(one, other) == Difference((0, 0), (), ())


@pytest.mark.parametrize(
    ("one", "other", "counts"),
    [
        ("SELECT NULL::DOUBLE AS d", "SELECT 'nan'::DOUBLE AS d", (1, 1)),
        ("SELECT 1.0::DOUBLE AS d", "SELECT 'nan'::DOUBLE AS d", (1, 1)),
        ("SELECT 1.0::DOUBLE AS d", "SELECT 'inf'::DOUBLE AS d", (1, 1)),
        ("SELECT 'inf'::DOUBLE AS d", "SELECT '-inf'::DOUBLE AS d", (1, 1)),
        ("SELECT 1.0::DOUBLE AS d", "SELECT 1.001::DOUBLE AS d", (1, 1)),
        ("SELECT '' AS s", "SELECT NULL AS s", (1, 1)),
        ("FROM (VALUES (1), (1), (2)) AS t(i)", "FROM (VALUES (1), (2), (2)) AS t(i)", (1, 1)),
        ("FROM (VALUES (1), (1)) AS t(i)", "SELECT 1 AS i", (1, 0)),
        ("SELECT 1 AS i WHERE false", "SELECT 1 AS i", (0, 1)),
    ],
)
def test_what_differs(one: str, other: str, counts: tuple[int, int]) -> None:
    assert difference(one, other).counts == counts


def test_rows_that_are_nearly_alike_stand_side_by_side() -> None:
    one = "FROM (VALUES (1, 'x', 2.5::DOUBLE), (2, 'y', 1.0), (3, 'z', 0.0)) AS t(i, s, d)"
    other = "FROM (VALUES (2, 'y', 9.0::DOUBLE), (1, 'x', 2.5), (3, 'z', 8.0)) AS t(i, s, d)"
    found = difference(one, other)
    assert found.columns == ("d",)
    assert {(a["i"], a["d"], b["i"], b["d"]) for a, b in found.pairs if a and b} == {
        (2, 1.0, 2, 9.0),
        (3, 0.0, 3, 8.0),
    }


@pytest.mark.xdist_group("spark")
@pytest.mark.usefixtures("spark")
class TestPipelines:
    """Over both engines."""

    @pytest.fixture(autouse=True)
    def _files(self, tmp_path: Path) -> None:
        (tmp_path / "orders.csv").write_text(ORDERS)

    def check(self, workspace: Workspace, *steps: Step, **settings: Any) -> Parity:
        return check_parity(Pipeline("p", list(steps)), workspace=workspace, **settings)

    def test_a_pipeline_that_gives_the_same(self, workspace: Workspace) -> None:
        phases: list[str] = []
        found = self.check(
            workspace,
            ingest_step("orders", "orders.csv"),
            sql_step(
                "sums", "SELECT customer, sum(amount) AS s, count(*) AS n FROM orders GROUP BY 1", "orders"
            ),
            sql_step("ranks", "SELECT id, row_number() OVER (ORDER BY amount) AS r FROM orders", "orders"),
            store_step("save", "out/sums.parquet", "sums"),
            store_step("append", "out/ranks.csv", "ranks", mode="append"),
            on_phase=phases.append,
        )
        assert found.is_same, found
        assert {step.step: step.verdict.value for step in found.steps} == dict.fromkeys(
            ("orders", "sums", "ranks", "save", "append"), "same"
        )
        assert found.steps[-1].row_counts == {"pandas": 5, "spark": 5}
        assert phases == ["reading the sources", "running on pandas", "running on spark", "comparing"]
        assert sorted(path.name for path in workspace.root.iterdir()) == [
            ".odibi",
            "odibi.toml",
            "orders.csv",
        ]
        assert not list(workspace.scratch.iterdir())

    def test_the_first_of_a_chain_that_differs_is_told(self, workspace: Workspace) -> None:
        found = self.check(
            workspace,
            ingest_step("orders", "orders.csv"),
            sql_step("odd", "SELECT id, hash(customer) % 1000 AS h FROM orders", "orders"),
            sql_step("next", "SELECT id, h + 1 AS h FROM odd", "odd"),
            sql_step("other", "SELECT id FROM orders", "orders"),
        )
        assert not found.is_same
        steps = {step.step: step for step in found.steps}
        assert steps["odd"].verdict is Verdict.DIFFERENT
        assert steps["odd"].after == ()
        assert any("hashes by another algorithm" in note for note in steps["odd"].notes)
        assert steps["odd"].differing_rows == {"pandas": 5, "spark": 5}
        assert steps["odd"].examples[0].columns == ("h",)
        assert steps["next"].after == ("odd",)
        assert steps["other"].verdict is Verdict.SAME

    def test_nan_and_null_are_told_apart(self, workspace: Workspace) -> None:
        def by_engine(orders: pd.DataFrame) -> pa.Table:
            seen.append(len(orders))
            return pa.table({"d": pa.array([math.nan if len(seen) == 1 else None], pa.float64())})

        seen: list[int] = []
        found = self.check(
            workspace, ingest_step("orders", "orders.csv"), function_step("made", by_engine, "orders")
        )
        (step,) = [step for step in found.steps if step.step == "made"]
        assert step.verdict is Verdict.DIFFERENT
        assert step.examples[0].rows == {"pandas": {"d": "nan"}, "spark": {"d": None}}

    def test_a_step_alone_over_some_rows(self, workspace: Workspace) -> None:
        found = self.check(
            workspace,
            ingest_step("orders", "orders.csv"),
            sql_step("n", "SELECT count(*) AS n, max(id) AS last FROM orders", "orders"),
            sql_step("not_needed", "SELECT error('never') AS e FROM orders", "orders"),
            step="n",
            rows=3,
        )
        assert [step.step for step in found.steps] == ["n"]
        assert found.is_same
        assert found.samples == {"orders": (3, False)}

    def test_a_step_that_fails_on_one_engine(self, workspace: Workspace) -> None:
        found = self.check(
            workspace,
            ingest_step("orders", "orders.csv"),
            sql_step("n", "SELECT soundex(customer) AS s FROM orders", "orders", dialect="spark"),
            sql_step("after", "SELECT count(*) AS n FROM n", "n"),
        )
        steps = {step.step: step for step in found.steps}
        assert steps["n"].verdict is Verdict.FAILED
        assert "soundex" in steps["n"].errors["pandas"].lower()
        assert steps["after"].verdict is Verdict.NOT_RUN
        assert not found.is_same

    def test_what_sends_is_left_out(self, workspace: Workspace) -> None:
        found = self.check(
            workspace,
            ingest_step("orders", "orders.csv"),
            Step("publish", "send", "api", "", "http://127.0.0.1:9/never", {}, {"data": "orders"}),
        )
        assert found.is_same
        assert [(step.step, step.verdict.value) for step in found.steps] == [
            ("orders", "same"),
            ("send", "not run"),
        ]
        assert found.steps[-1].notes == ("it sends its rows away",)

    def test_what_can_not_be_compared_is_an_error(self, workspace: Workspace) -> None:
        with pytest.raises(UnknownNameError, match="ordres"):
            self.check(workspace, ingest_step("orders", "orders.csv"), step="ordres")
        with pytest.raises(OdibiError, match=r"gone\.csv"):
            self.check(workspace, ingest_step("orders", "gone.csv"))

    def test_the_command_tells_it(self, workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
        (workspace.root / "pipelines").mkdir()
        (workspace.root / "pipelines" / "p.yaml").write_text(
            "name: p\nsteps:\n"
            "- {name: orders, layer: bronze, type: config_op, value: orders.csv, outputs: {data: orders}}\n"
            "- {name: odd, layer: silver, type: sql, value: SELECT id FROM orders, inputs: {orders: orders}, "
            "outputs: {data: odd}}\n"
            "- {name: bad, layer: silver, type: sql, value: SELECT hash(id) AS h FROM orders, "
            "inputs: {orders: orders}, outputs: {data: bad}}\n"
        )
        where = ["-w", str(workspace.root), "parity", "p"]
        assert run_command([*where, "--step", "odd"]) == 0
        assert "Both engines give the same." in capsys.readouterr().out
        assert run_command(where) == 1
        told = capsys.readouterr().out
        assert "1 result of 3 differ" in told
        assert "5 rows on spark without a counterpart" in told
        assert run_command([*where, "--json", "--rows", "2"]) == 1
        document = json.loads(capsys.readouterr().out)
        assert document["same"] is False
        assert document["samples"] == {"orders": {"rows": 2, "is_whole": False}}
        assert [step["verdict"] for step in document["steps"]] == ["same", "same", "different"]
