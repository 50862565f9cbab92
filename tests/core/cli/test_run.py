from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.core.cli.conftest import Answer

Odibi = Callable[..., Answer]


def rewrite(shop: Path, old: str, new: str) -> None:
    """Change the pipeline of the workspace."""
    path = shop / "pipelines" / "shop.yaml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_the_end_of_a_run_says_what_was_written_and_where_its_story_is(odibi: Odibi, shop: Path) -> None:
    answer = odibi("run", "shop")
    (run_dir,) = (shop / ".odibi" / "runs").iterdir()
    assert answer.code == 0
    assert "shop succeeded in" in answer.out
    assert "save  2 rows  out/large.csv" in answer.out
    assert f"Story  .odibi/runs/{run_dir.name}/story.html" in answer.out
    assert answer.err == ""


def test_rows_that_were_set_aside_are_told_with_their_place(odibi: Odibi, shop: Path) -> None:
    (shop / "data" / "orders.csv").write_text("id,amount\n1,50\n2,20,7\n")
    answer = odibi("run", "shop")
    assert answer.code == 0
    assert "1 row could not be read and was set aside:" in answer.out
    (line,) = [line for line in answer.out.splitlines() if line.strip().startswith("read ")]
    assert (shop / line.split()[-1]).is_file()


def test_a_step_that_fails_is_told_with_the_way_to_look_closer(odibi: Odibi, shop: Path) -> None:
    rewrite(shop, "amount > 10", "error('the till is broken') IS NULL")
    answer = odibi("run", "shop")
    (run_dir,) = (shop / ".odibi" / "runs").iterdir()
    assert answer.code == 1
    assert "shop failed after" in answer.out
    assert "Step 'large' failed: " in answer.out
    assert "the till is broken" in answer.out
    assert "Skipped: save, total" in answer.out
    assert f"Look closer with: odibi runs show {run_dir.name}" in answer.out
    assert not (shop / "out").exists()


def test_json_is_one_document_and_text_goes_elsewhere(odibi: Odibi, shop: Path) -> None:
    answer = odibi("run", "shop", "--json")
    told = json.loads(answer.out)
    assert (told["state"], told["exit_code"], told["total_steps"]) == ("success", 0, 4)
    steps = {step["name"]: step for step in told["steps"]}
    assert steps["save"]["written"]["path"] == str(shop / "out" / "large.csv")
    assert steps["large"]["row_count"] == 2
    assert Path(told["story"]).is_file()
    assert "shop succeeded in" in answer.err


def test_json_of_a_failed_run_has_the_error(odibi: Odibi, shop: Path) -> None:
    rewrite(shop, "amount > 10", "error('the till is broken') IS NULL")
    answer = odibi("run", "shop", "--json", "--quiet")
    told = json.loads(answer.out)
    assert (answer.code, told["state"], told["failed_step"]) == (1, "failed", "large")
    assert "the till is broken" in next(step["error"]["message"] for step in told["steps"] if step["error"])


def test_json_of_a_wrong_pipeline_has_every_problem(odibi: Odibi, shop: Path) -> None:
    rewrite(shop, "sum(amount)", "sum(amont)")
    answer = odibi("run", "shop", "--json")
    told = json.loads(answer.out)
    assert (answer.code, told["state"]) == (3, "invalid")
    assert [(problem["step"], problem["fix"]) for problem in told["problems"]] == [
        ("total", "did you mean 'amount'?")
    ]


def test_quiet_says_nothing_of_a_run_that_goes_well(odibi: Odibi) -> None:
    assert odibi("run", "shop", "--quiet") == Answer(0, "", "")


def test_quiet_still_says_what_failed(odibi: Odibi, shop: Path) -> None:
    rewrite(shop, "amount > 10", "error('the till is broken') IS NULL")
    answer = odibi("run", "shop", "-q")
    assert (answer.code, answer.out) == (1, "")
    assert "Step 'large' failed" in answer.err


def test_verbose_writes_a_line_for_each_step(odibi: Odibi) -> None:
    lines = odibi("run", "shop", "--verbose").err.splitlines()
    assert [line.partition(":")[0] for line in lines] == ["read", "large", "save", "total"]
    assert lines[0].startswith("read: 3 rows, ")


def test_up_to_a_step_runs_what_it_needs_and_no_store(odibi: Odibi, shop: Path) -> None:
    answer = odibi("run", "shop", "--to", "total")
    assert "3 steps" in answer.out
    assert not (shop / "out").exists()


def test_from_a_step_on_says_what_is_computed_again(odibi: Odibi, shop: Path) -> None:
    answer = odibi("run", "shop", "--from", "save")
    assert "Computed again, because the steps asked for need them: read, large" in answer.err
    assert (shop / "out" / "large.csv").is_file()


def test_a_parameter_reaches_the_run(odibi: Odibi, shop: Path) -> None:
    rewrite(shop, "name: shop\n", "name: shop\nparameters:\n  least: {type: number}\n")
    rewrite(shop, "> 10", "> {least}")
    assert "save  1 row  out" in odibi("run", "shop", "--param", "least=25").out
    missing = odibi("run", "shop")
    assert missing.code == 2
    assert "least" in missing.err


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--param", "least"], "'least' is not NAME=VALUE"),
        (["--param", "a=1", "--param", "a=2"], "'a' is given twice"),
        (["--to", "totl"], "did you mean 'total'?"),
        (["--tracking", "fast"], "'fast' is not one of"),
        (["--workers", "0"], "0 is not in the range"),
        (["--engine", "sparc"], "'--engine': there is no engine 'sparc': did you mean 'spark'?"),
        (["--memory-limit", "4XB"], "'--memory-limit': '4XB' is no size such as 512MB or 4GB"),
        (["--memory-limit", ""], "'--memory-limit': '' is no size"),
    ],
)
def test_a_wrong_option_says_what_is_right(odibi: Odibi, args: list[str], said: str) -> None:
    answer = odibi("run", "shop", *args)
    assert answer.code == 2
    assert said in answer.err


def test_a_part_with_nothing_in_it_is_refused(odibi: Odibi) -> None:
    answer = odibi("run", "shop", "--from", "total", "--to", "save")
    assert answer.code == 1
    assert "'save' does not need 'total'" in answer.err


def test_an_unknown_pipeline_is_named_with_the_near_ones(odibi: Odibi) -> None:
    answer = odibi("run", "shp")
    assert answer.code == 2
    assert "did you mean 'shop'?" in answer.err


def test_steps_run_side_by_side_where_workers_are_given(odibi: Odibi) -> None:
    assert odibi("run", "shop", "--workers", "4", "--tracking", "exact").code == 0


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_log_goes_to_standard_error(odibi: Odibi, form: str) -> None:
    answer = odibi("run", "shop", "--log", form)
    lines = answer.err.splitlines()
    assert len([line for line in lines if "a step is complete" in line]) == 4
    if form == "json":
        assert {json.loads(line)["level"] for line in lines} == {"info"}


def test_a_python_file_runs_without_being_executed(odibi: Odibi, shop: Path) -> None:
    assert odibi("export", "shop", "--to", "python", "-o", "shop_steps.py").code == 0
    (shop / "shop_steps.py").write_text(
        "raise SystemExit('executed')\n" + (shop / "shop_steps.py").read_text()
    )
    assert odibi("run", "shop_steps.py").code == 0


def test_a_file_of_another_workspace_runs_in_that_workspace(
    odibi: Odibi, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(shop.parent)
    assert odibi("run", "shop/pipelines/shop.yaml").code == 0
    assert (shop / "out" / "large.csv").is_file()
    assert not (shop.parent / ".odibi").exists()


def test_the_workspace_can_be_named(odibi: Odibi, shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    assert odibi("-w", str(shop), "run", "shop").code == 0
    assert (shop / "out" / "large.csv").is_file()


def test_a_function_of_the_workspace_runs_where_it_is_allowed(odibi: Odibi, shop: Path) -> None:
    (shop / "cli_shop_functions.py").write_text("def keep(orders):\n    return orders[orders.amount > 10]\n")
    rewrite(
        shop,
        "type: sql\n    value: SELECT * FROM orders WHERE amount > 10",
        "type: function\n    value: cli_shop_functions.keep",
    )
    refused = odibi("run", "shop")
    assert refused.code == 3
    assert "outside of what this workspace allows" in refused.err
    (shop / "odibi.toml").write_text('[functions]\nallow = ["cli_shop_functions"]\n')
    allowed = odibi("run", "shop")
    assert (allowed.code, "save  2 rows" in allowed.out) == (0, True)


def test_a_secret_is_in_nothing_that_is_written(
    odibi: Odibi, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TILL", "swordfish")
    rewrite(shop, "amount > 10", "error(${secret:TILL}) IS NULL")
    for options in ([], ["--json"], ["--log", "json"]):
        answer = odibi("run", "shop", *options)
        assert answer.code == 1
        assert "swordfish" not in answer.out + answer.err


def test_names_that_could_move_the_cursor_are_shown_harmless(odibi: Odibi, shop: Path) -> None:
    rewrite(shop, "name: large", 'name: "\\e[2J lárge 🧺\\n[red]"')
    for options in (["-v"], []):
        answer = odibi("run", "shop", *options)
        assert answer.code == 0
        assert "\x1b" not in answer.out + answer.err
    assert "\\x1b[2J lárge 🧺\\n[red]: 2 rows" in odibi("run", "shop", "-v").err


def test_a_secret_is_in_no_mistake_that_is_found_before_the_run(
    odibi: Odibi, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TILL", "swordfish")
    rewrite(shop, "value: out/large.csv", "value: ${secret:TILL}.csv")
    rewrite(shop, "value: data/orders.csv", "value: ${secret:TILL}.csv")
    answer = odibi("run", "shop", "--json")
    assert answer.code == 3
    assert "is also the source of" in answer.out
    assert "swordfish" not in answer.out + answer.err


def test_what_comes_from_the_cache_is_told_as_that(odibi: Odibi, shop: Path) -> None:
    rewrite(shop, "name: shop\n", "name: shop\nsettings: {enable_cache: true}\n")
    odibi("run", "shop")
    answer = odibi("run", "shop", "-v")
    assert "4 steps, 4 from the cache" in answer.out
    assert "out/large.csv (an earlier run wrote it)" in answer.out
    assert "large: 2 rows, taken from the cache" in answer.err
    (told,) = re.findall(r"^Story +(.+)$", answer.out, re.MULTILINE)
    assert "<html" in (shop / told).read_text(encoding="utf-8")
