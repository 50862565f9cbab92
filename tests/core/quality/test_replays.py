"""Replays: where few rows would write wrong ones, where they fail, and with which parameters."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import Run

from odibi_core.design.yaml_form import dump_yaml
from odibi_core.errors import OdibiError, PipelineInvalidError
from odibi_core.journal.lease import hold_lease
from odibi_core.parameters import Parameter, ParameterType
from odibi_core.pipeline import Pipeline
from odibi_core.quality.quarantine import ReplayState, SetAside
from odibi_core.quarantine_desk import QuarantineDesk
from odibi_core.step import Step
from odibi_core.testing import function_step, ingest_step, sql_step, store_step
from odibi_core.workspace import Workspace

MakeFile = Callable[[str, str | bytes], Path]
Shop = Callable[..., QuarantineDesk]


@pytest.fixture
def shop(workspace: Workspace, make_file: MakeFile, run: Run) -> Shop:
    """Runs a pipeline that sets one of three orders aside, and gives the desk."""
    make_file("orders.csv", "id,kind,amount\n1,x,5\n2,x,-3\n3,y,7\n")
    make_file("old.csv", "id,kind,amount\n100,z,1\n")

    def made(
        *steps: Step, select: str = "SELECT * FROM raw", parameters: Any = None, **given: Any
    ) -> QuarantineDesk:
        clean = sql_step("clean", select, "raw")
        clean.expectations = [
            {"check": "range", "column": "amount", "min": 0, "severity": "quarantine"},
            {"check": "not_null", "columns": "kind"},
        ]
        source = [ingest_step("raw", "orders.csv"), ingest_step("old", "old.csv"), clean]
        pipeline = Pipeline("shop", [*source, *steps], parameters or {})
        make_file("pipelines/shop.yaml", dump_yaml(pipeline))
        result = run(pipeline, **given)
        assert result.success, result.errors
        return QuarantineDesk(workspace)

    return made


def save(key: str = "last", **more: Any) -> Step:
    """Appends a dataset to a Delta table."""
    return store_step("save", "out", key, **{"mode": "append", "format": "delta", **more})


def saved(workspace: Workspace) -> list[dict[str, Any]]:
    """The rows of the table."""
    from deltalake import DeltaTable

    rows = DeltaTable(workspace.root / "out").to_pyarrow_table().to_pylist()
    return sorted(rows, key=str)


def only_set(desk: QuarantineDesk) -> SetAside:
    """The first set."""
    return desk.quarantine.sets()[-1]


def mended(desk: QuarantineDesk, **values: Any) -> Any:
    """The rows of the first set, with other values."""
    return desk.form(only_set(desk)).to_pandas().assign(**values)


OTHER_ROWS: dict[str, tuple[Step, dict[str, Any]]] = {
    "a union": (sql_step("last", "SELECT * FROM clean UNION ALL SELECT * FROM old", "clean", "old"), {}),
    "a total": (
        sql_step("last", "SELECT kind, sum(amount)::BIGINT AS total FROM clean GROUP BY kind", "clean"),
        {"mode": "merge", "merge_key": ["kind"]},
    ),
    "a join of other rows": (
        sql_step(
            "last", "SELECT old.*, clean.amount AS more FROM old LEFT JOIN clean USING (id)", "clean", "old"
        ),
        {},
    ),
    "a window": (sql_step("last", "SELECT *, row_number() OVER () AS n FROM clean", "clean"), {}),
}


@pytest.mark.parametrize(("step", "more"), OTHER_ROWS.values(), ids=OTHER_ROWS)
def test_a_replay_through_a_step_that_looks_at_other_rows_is_refused(
    shop: Shop, workspace: Workspace, step: Step, more: dict[str, Any]
) -> None:
    desk = shop(step, save(**more))
    before = saved(workspace)
    with pytest.raises(OdibiError, match="'last' does not surely take each row by itself") as raised:
        desk.replay(only_set(desk), mended(desk, amount=3))
    assert "--any-steps" in raised.value.fix
    assert saved(workspace) == before
    assert only_set(desk).open_rows == 1
    with desk.replay(only_set(desk), mended(desk, amount=3), any_steps=True) as result:
        assert result.success, result.errors
    assert saved(workspace) != before


def as_they_are(clean: Any) -> Any:
    """What it takes."""
    return clean


def test_a_function_may_look_at_other_rows(shop: Shop) -> None:
    desk = shop(function_step("last", f"{__name__}.as_they_are", "clean"), save())
    with pytest.raises(OdibiError, match="it is a function"):
        desk.replay(only_set(desk), mended(desk, amount=3))


def test_steps_that_lead_to_no_target_may_look_at_other_rows(shop: Shop, workspace: Workspace) -> None:
    joined = sql_step("last", "SELECT clean.* FROM old RIGHT JOIN clean USING (id)", "clean", "old")
    desk = shop(joined, save(), sql_step("count", "SELECT count(*) AS n FROM clean", "clean"))
    with desk.replay(only_set(desk), mended(desk, amount=3)) as result:
        assert result.success, result.errors
    assert [row["id"] for row in saved(workspace)] == [1, 2, 3]


def test_rows_of_a_replay_that_wrote_nothing_are_open_again(shop: Shop, workspace: Workspace) -> None:
    desk = shop(save("clean"))
    with desk.replay(only_set(desk), mended(desk, amount=3, kind=None)) as result:
        assert result.failed_nodes == ["clean"]
    rows = only_set(desk)
    assert rows.open_rows == 1
    (replay,) = desk.quarantine.replays(rows)
    assert replay.state is ReplayState.ABANDONED
    with pytest.raises(OdibiError, match="its rows were given back"):
        desk.go_on(replay)
    with desk.replay(rows, mended(desk, amount=3)) as result:
        assert result.success, result.errors
    assert [row["id"] for row in saved(workspace)] == [1, 2, 3]


def test_rows_of_a_replay_that_could_not_begin_are_open_again(shop: Shop) -> None:
    counted = sql_step("last", "SELECT *, {n} AS n FROM clean", "clean")
    desk = shop(counted, save(), parameters={"n": Parameter("n", ParameterType.INTEGER, 1)})
    with pytest.raises((OdibiError, PipelineInvalidError), match="none"):
        desk.replay(only_set(desk), mended(desk, amount=3), parameters={"n": "none"})
    assert only_set(desk).open_rows == 1


def test_a_replay_is_gone_on_with_by_the_parameters_that_it_began_with(
    shop: Shop, workspace: Workspace
) -> None:
    tagged = sql_step("last", "SELECT *, {tag} AS tag FROM clean", "clean")
    desk = shop(tagged, save(), parameters={"tag": Parameter("tag", default="")})
    out = workspace.root / "out"
    out.rename(workspace.root / "aside")
    out.write_text("a file in the way")
    with desk.replay(only_set(desk), mended(desk, amount=3), parameters={"tag": "given"}) as result:
        assert result.failed_nodes == ["save"]
    (replay,) = desk.quarantine.replays()
    assert replay.state is ReplayState.WRITING
    with pytest.raises(OdibiError, match="began to write") as raised:
        desk.release(only_set(desk))
    assert "odibi quarantine again 1" in raised.value.fix
    out.unlink()
    (workspace.root / "aside").rename(out)
    with desk.go_on(replay) as result:
        assert result.success, result.errors
    assert [row["tag"] for row in saved(workspace)] == ["", "given", ""]


VALUES = [" lead", "#x", 'a"b', "a\nb", "a;b|c", "NULL", "", "a,b", "\\N", "'q'", None]


def test_values_that_nobody_mends_come_back_as_they_were(shop: Shop, workspace: Workspace) -> None:
    cases = " ".join(
        f"WHEN {number} THEN '{value.replace(chr(39), chr(39) * 2)}'"
        for number, value in enumerate(VALUES)
        if value is not None
    )
    values = (
        f"SELECT n AS id, 'x' AS kind, -1 AS amount, CASE n {cases} END AS text, ['a, b', '', NULL] AS list"
    )
    more = "(SELECT max(id) FROM raw) AS one, 0.1::DOUBLE + 0.2 AS number, 'x\\x00'::BLOB AS raw"
    desk = shop(save("clean"), select=f"{values}, {more} FROM range({len(VALUES)}) AS r(n)")
    rows = only_set(desk)
    path = workspace.root / "mend.csv"
    desk.export(rows, path)
    path.write_bytes(path.read_bytes().replace(b",x,-1,", b",x,1,"))
    with desk.replay(rows, path) as result:
        assert result.success, result.errors
    found = sorted(saved(workspace), key=lambda row: row["id"])
    assert [row["text"] for row in found] == VALUES
    assert found[0]["list"] == ["a, b", "", None]
    assert (found[0]["number"], found[0]["raw"]) == (0.1 + 0.2, b"x\0")


def test_an_empty_field_is_null_however_a_program_quotes_it(shop: Shop, workspace: Workspace) -> None:
    desk = shop(save("clean"))
    path = workspace.root / "mend.csv"
    path.write_text('"odibi_row","id","kind","amount"\n"1","2","x",""\n')
    with desk.replay(only_set(desk), path) as result:
        assert result.success, result.errors
    assert saved(workspace)[1] == {"id": 2, "kind": "x", "amount": None}


def test_columns_of_the_data_may_be_called_text_and_reason(
    workspace: Workspace, make_file: MakeFile, run: Run
) -> None:
    make_file("notes.csv", "id,text,reason\n1,a,b\ntwo,c,d\n")
    types = {"id": "BIGINT", "text": "VARCHAR", "reason": "VARCHAR"}
    pipeline = Pipeline("notes", [ingest_step("raw", "notes.csv", schema=types), save("raw")])
    make_file("pipelines/notes.yaml", dump_yaml(pipeline))
    assert run(pipeline).success
    desk = QuarantineDesk(workspace)
    (row,) = desk.form(only_set(desk)).to_pylist()
    assert (row["odibi_text"], row["text"], row["reason"]) == ("two,c,d", "c", "d")
    with desk.replay(only_set(desk), mended(desk, id="2")) as result:
        assert result.success, result.errors
    assert saved(workspace)[1] == {"id": 2, "text": "c", "reason": "d"}


def test_rows_of_a_replay_that_can_not_end_well_are_released_by_force(
    shop: Shop, workspace: Workspace, run: Run
) -> None:
    desk = shop(save("clean"))
    out = workspace.root / "out"
    out.rename(workspace.root / "aside")
    out.write_text("a file in the way")
    desk.replay(only_set(desk), mended(desk, amount=3)).close()
    assert only_set(desk).open_rows == 0
    assert desk.release(only_set(desk), force=True) == 1
    assert only_set(desk).open_rows == 1
    assert desk.release(only_set(desk)) == 0


def test_a_replay_that_waits_for_another_run_leaves_its_rows_open(shop: Shop, workspace: Workspace) -> None:
    desk = shop(save("clean"))
    with (
        hold_lease(workspace.state, "shop", "20240101T000000-abcdef0123"),
        pytest.raises(OdibiError, match="shop"),
    ):
        desk.replay(only_set(desk), mended(desk, amount=3))
    assert only_set(desk).open_rows == 1
