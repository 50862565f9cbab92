"""Every command but `run`."""

from __future__ import annotations

import csv
import datetime as dt
import json
import re
import webbrowser
from collections.abc import Callable
from pathlib import Path

import pytest
from jsonschema.validators import validator_for
from tests.core.cli.conftest import Answer
from tests.core.cli.test_run import rewrite

from odibi_core.cli.app import COMMANDS
from odibi_core.cli.exit_codes import MEANINGS
from odibi_core.journal.runs import list_runs

Odibi = Callable[..., Answer]


def test_help_names_every_command_and_exit_code(odibi: Odibi) -> None:
    answer = odibi("--help")
    assert answer.code == 0
    for name in COMMANDS:
        assert f"\n  {name} " in answer.out
    for code in MEANINGS:
        assert f"\n  {code:d} " in answer.out


def test_an_unknown_command_is_named_with_the_near_ones(odibi: Odibi) -> None:
    answer = odibi("valdate")
    assert answer.code == 2
    assert "did you mean 'validate'?" in answer.err


def test_init_makes_a_workspace_that_runs(odibi: Odibi, shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = odibi("init", "new one")
    assert answer.code == 0
    assert "cd 'new one'" in answer.out
    monkeypatch.chdir(shop / "new one")
    for pipeline in (path.stem for path in Path("pipelines").glob("*.yaml")):
        assert odibi("run", pipeline).code == 0


def test_init_never_overwrites(odibi: Odibi, shop: Path) -> None:
    before = (shop / "odibi.toml").read_text()
    answer = odibi("init", ".")
    assert answer.code == 3
    assert "nothing is overwritten" in answer.err
    assert (shop / "odibi.toml").read_text() == before
    assert not (shop / "README.md").exists()


def test_validate_checks_every_pipeline_and_reads_no_rows(odibi: Odibi, shop: Path) -> None:
    assert odibi("validate") == Answer(0, "shop: fine (4 steps)\n", "")
    assert not (shop / ".odibi").exists()


def test_validate_without_a_pipeline_says_where_they_belong(odibi: Odibi, shop: Path) -> None:
    (shop / "pipelines" / "shop.yaml").unlink()
    answer = odibi("validate")
    assert answer.code == 3
    assert "odibi init DIR" in answer.err


def test_plan_says_the_order_the_columns_and_the_reasons(odibi: Odibi, shop: Path) -> None:
    answer = odibi("plan", "shop")
    assert answer.code == 0
    assert answer.out.startswith("shop: 4 steps in 3 waves\nTracking is exact: ")
    assert "    makes large: id BIGINT, amount BIGINT\n" in answer.out
    assert not (shop / ".odibi").exists()


def test_plan_as_json(odibi: Odibi) -> None:
    plan = json.loads(odibi("plan", "shop", "--json").out)
    assert plan["waves"] == [["read"], ["large"], ["save", "total"]]


def test_preview_shows_rows_as_a_table(odibi: Odibi, shop: Path) -> None:
    answer = odibi("preview", "large", "-p", "shop", "--rows", "1")
    assert answer.out.splitlines() == [
        "id      amount",
        "BIGINT  BIGINT",
        "2       20",
        "",
        "The first 1 row; there are more (--rows).",
    ]
    assert not (shop / "out").exists()
    assert not (shop / ".odibi" / "runs").exists()


def test_preview_as_json_and_as_csv(odibi: Odibi) -> None:
    told = json.loads(odibi("preview", "large", "-p", "shop", "--json").out)
    assert told["columns"] == [{"name": "id", "type": "BIGINT"}, {"name": "amount", "type": "BIGINT"}]
    assert told["rows"] == [{"id": 2, "amount": 20}, {"id": 3, "amount": 30}]
    rows = list(csv.reader(odibi("preview", "large", "-p", "shop", "--csv").out.splitlines()))
    assert rows == [["id", "amount"], ["2", "20"], ["3", "30"]]


def test_preview_keeps_long_text_whole_as_json(odibi: Odibi, shop: Path) -> None:
    rewrite(shop, "SELECT * FROM orders", "SELECT *, repeat('x', 5000) AS note FROM orders")
    told = json.loads(odibi("preview", "large", "-p", "shop", "--json").out)
    assert len(told["rows"][0]["note"]) == 5000


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (["larg", "-p", "shop"], 2, "did you mean 'large'?"),
        (["large"], 2, "Missing option '-p'"),
        (["large", "-p", "shop", "--json", "--csv"], 2, "not both"),
        (["large", "-p", "shop", "--rows", "0"], 2, "0 is not in the range"),
    ],
)
def test_a_preview_that_can_not_be_says_why(odibi: Odibi, args: list[str], code: int, said: str) -> None:
    answer = odibi("preview", *args)
    assert answer.code == code
    assert said in answer.out + answer.err


def test_runs_are_listed_shown_and_followed(odibi: Odibi, shop: Path) -> None:
    assert "There is no run yet" in odibi("runs", "list").err
    assert not (shop / ".odibi").exists()
    odibi("run", "shop")
    (run_dir,) = (shop / ".odibi" / "runs").iterdir()
    listed = odibi("runs", "list").out.splitlines()
    assert listed[0].split() == ["run", "pipeline", "state", "started", "took", "steps"]
    assert listed[1].startswith(f"{run_dir.name}  shop      success")
    for name in ("latest", run_dir.name, run_dir.name[:-3]):
        shown = odibi("runs", "show", name)
        assert shown.code == 0
        assert "shop succeeded in" in shown.out
        assert "large  silver  success" in shown.out
    followed = odibi("runs", "follow")
    assert followed.code == 0
    assert "shop starts, 4 steps" in followed.out
    assert "large is complete after" in followed.out


def test_a_listed_run_that_waited_says_when_it_started(odibi: Odibi, shop: Path) -> None:
    odibi("run", "shop")
    (run_dir,) = (shop / ".odibi" / "runs").iterdir()
    asked = {"event_type": "run_queued", "timestamp": "2020-01-02T12:00:00+00:00", "pipeline_name": "shop"}
    queued = json.dumps(asked | {"order": {"pipeline": "shop", "trigger": "studio"}}, separators=(",", ":"))
    journal = run_dir / "events.jsonl"
    journal.write_text(f"{queued}\n{journal.read_text()}")
    waiting = run_dir.with_name("20200102T120000-aa11")
    waiting.mkdir()
    (waiting / "events.jsonl").write_text(f"{queued}\n")
    started, waits = odibi("runs", "list").out.splitlines()[1:]
    assert "2020-01-02" not in started
    assert "2020-01-02" in waits
    (record, _) = list_runs(run_dir.parent)
    assert record.queued_time.startswith("2020-01-02")
    assert f"{dt.datetime.fromisoformat(record.start_time).astimezone():%Y-%m-%d %H:%M:%S}" in started


def test_a_run_that_failed_is_shown_with_its_reason(odibi: Odibi, shop: Path) -> None:
    rewrite(shop, "amount > 10", "error('the till is broken') IS NULL")
    odibi("run", "shop")
    shown = odibi("runs", "show").out
    assert "Step 'large' failed" in shown
    assert "the till is broken" in shown


def test_an_unknown_run_says_which_is_the_latest(odibi: Odibi, shop: Path) -> None:
    odibi("run", "shop")
    (run_dir,) = (shop / ".odibi" / "runs").iterdir()
    answer = odibi("runs", "show", "1999")
    assert answer.code == 2
    assert f"the latest run is {run_dir.name!r}" in answer.err
    odibi("run", "shop")
    for command in (("runs", "rerun"), ("runs", "show"), ("story",)):
        answer = odibi(*command, run_dir.name[:2])
        assert answer.code == 2
        assert f"2 runs begin with {run_dir.name[:2]!r}" in answer.err


def test_story_says_where_it_is_and_writes_a_copy(
    odibi: Odibi, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert odibi("story").code == 1
    odibi("run", "shop")
    (run_dir,) = (shop / ".odibi" / "runs").iterdir()
    assert odibi("story").out == f".odibi/runs/{run_dir.name}/story.html\n"
    assert odibi("story", run_dir.name, "--output", "told.html").out == "told.html\n"
    assert "<html" in (shop / "told.html").read_text()
    opened: list[str] = []

    def open_page(url: str) -> bool:
        opened.append(url)
        return True

    monkeypatch.setattr(webbrowser, "open", open_page)
    assert odibi("story", "--open").code == 0
    assert opened == [(run_dir / "story.html").as_uri()]


def test_a_run_without_lineage_has_no_story(odibi: Odibi, shop: Path) -> None:
    rewrite(shop, "name: shop\n", "name: shop\nsettings: {enable_tracker: false}\n")
    odibi("run", "shop")
    answer = odibi("story")
    assert answer.code == 1
    assert "has no story" in answer.err


def test_export_goes_to_python_and_back_unchanged(odibi: Odibi, shop: Path) -> None:
    assert odibi("export", "shop", "--to", "python", "-o", "steps.py").code == 0
    yaml = odibi("export", "steps.py", "--to", "yaml").out
    (shop / "again.yaml").write_text(yaml)
    assert odibi("export", "again.yaml", "--to", "python").out == (shop / "steps.py").read_text()


def test_export_never_overwrites(odibi: Odibi, shop: Path) -> None:
    before = (shop / "pipelines" / "shop.yaml").read_text()
    answer = odibi("export", "shop", "--to", "yaml", "-o", "pipelines/shop.yaml")
    assert answer.code == 1
    assert "nothing is overwritten" in answer.err
    assert (shop / "pipelines" / "shop.yaml").read_text() == before


def test_export_says_where_python_is_not_literal(odibi: Odibi, shop: Path) -> None:
    odibi("export", "shop", "--to", "python", "-o", "steps.py")
    text = (shop / "steps.py").read_text().replace('"data/orders.csv"', "input()")
    (shop / "steps.py").write_text(text)
    answer = odibi("export", "steps.py", "--to", "yaml")
    assert answer.code == 3
    assert "steps.py:" in answer.err


def test_schema_is_a_json_schema(odibi: Odibi) -> None:
    schema = json.loads(odibi("schema").out)
    validator_for(schema).check_schema(schema)


def test_doctor_finds_everything_here(odibi: Odibi, shop: Path) -> None:
    answer = odibi("doctor")
    assert answer.code == 0
    for subject in ("Python", "Packages: ", "Engines: pandas", "Formats: avro, csv", "Disk", "Memory"):
        assert f"  {subject}" in answer.out
    assert f"Workspace: {shop}, 1 pipeline\n" in answer.out


def test_doctor_says_how_to_mend_a_workspace(odibi: Odibi, shop: Path) -> None:
    (shop / "odibi.toml").write_text("threads = 0\n")
    answer = odibi("doctor")
    assert answer.code == 1
    assert "missing Workspace" in answer.out
    assert "'threads' is wrong" in answer.out


def test_doctor_takes_a_folder_that_is_no_workspace(odibi: Odibi, shop: Path) -> None:
    (shop / "odibi.toml").unlink()
    answer = odibi("doctor")
    assert answer.code == 0
    assert "has no odibi.toml" in answer.out


def test_formats_are_listed_and_told_with_their_settings(odibi: Odibi) -> None:
    listed = odibi("formats")
    assert re.search(r"^excel +\.xlsx .* read, overwrite, error, ignore", listed.out, re.MULTILINE)
    told = odibi("formats", "parquet")
    assert "larger than memory" in told.out
    assert re.search(r"^  compression +\S+ +\S", told.out, re.MULTILINE)
    assert json.loads(odibi("formats", "csv", "--json").out)["abilities"]["compressions"] == [
        *("gzip", "zstd", "bzip2", "xz", "lz4"),
        "none",
    ]
    unknown = odibi("formats", "exel")
    assert (unknown.code, "did you mean 'excel'?" in unknown.err) == (2, True)
