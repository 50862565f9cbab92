"""What is wrong is said so that a person can mend it, whatever is wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.core.cli.conftest import Answer
from tests.core.cli.test_run import rewrite

Odibi = Callable[..., Answer]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("inputs: {orders: orders}", "inputs: {orders: total}", "need each other in a circle: "),
        (
            "outputs: {data: total}",
            "outputs: {data: large}",
            "the dataset 'large' is made by 'large' already",
        ),
        ("inputs: {orders: orders}", "inputs: {orders: ordrs}", "Did you mean 'orders'?"),
        ("value: out/large.csv", "value: data/orders.csv", "is also the source of 'read'"),
        ("name: total", "name: large", "2 steps have this name"),
        ("type: sql", "type: sqll", "there is no step type 'sqll'"),
        ("SELECT * FROM orders", "SELEC * FROM orders", "step 'large', value"),
        ("name: shop\n", "name: shop\nname: again\n", "the key 'name' is there twice"),
        ("name: shop\n", "name: shop\nsteps: *all\n", "shop.yaml:2"),
        ("name: shop\n", "name: shop\nengin: pandas\n", "did you mean 'engine'?"),
    ],
)
def test_a_mistake_of_a_pipeline_is_said(odibi: Odibi, shop: Path, old: str, new: str, said: str) -> None:
    rewrite(shop, old, new)
    for command in ("run", "plan", "validate"):
        answer = odibi(command, "shop")
        assert answer.code == 3
        assert said.lower() in (answer.out + answer.err).lower()
    assert not (shop / "out").exists()


def test_mistakes_of_form_and_of_content_are_said_together(odibi: Odibi, shop: Path) -> None:
    rewrite(shop, "outputs: {data: orders}", "outputs: [orders]")
    rewrite(shop, "value: out/large.csv", "value: out/large.csv\n    params: {formt: csv}")
    rewrite(shop, "SELECT sum(amount)", "SELEC sum(amount)")
    for command in ("run", "plan", "validate"):
        answer = odibi(command, "shop")
        told = answer.out + answer.err
        assert answer.code == 3
        assert "3 mistakes" in told
        assert "shop.yaml:7:14, step 'read', outputs: it must be a mapping" in told
        assert "there is no setting 'formt' here" in told
        assert "SQL can't begin with 'SELEC'" in told


def test_what_no_step_makes_is_said_where_all_outputs_could_be_read(odibi: Odibi, shop: Path) -> None:
    rewrite(shop, "name: shop\n", "name: shop\nengin: pandas\n")
    rewrite(shop, "inputs: {orders: orders}", "inputs: {orders: ordrs}")
    assert "no step makes the dataset 'ordrs'" in odibi("validate", "shop").out
    rewrite(shop, "    layer: bronze\n", "")
    assert "no step makes the dataset 'ordrs'" in odibi("validate", "shop").out
    rewrite(shop, "outputs: {data: orders}", "outptus: {data: orders}")
    assert "no step makes" not in odibi("validate", "shop").out


def test_a_wrong_parameter_hides_no_mistake_of_the_steps_that_do_without(odibi: Odibi, shop: Path) -> None:
    rewrite(
        shop,
        "name: shop\n",
        "name: shop\nparameters: {least: {type: numbr}, n: {type: integer, default: x}}\n",
    )
    rewrite(shop, "amount > 10", "amount > {least}")
    rewrite(shop, "value: out/large.csv", "value: out/{m}.csv\n    params: {format: cvs, mode: apend}")
    answer = odibi("validate", "shop")
    assert "'numbr' is not a type of parameter" in answer.out
    assert "parameters.n: the default: 'x' is not a whole number" in answer.out
    assert "the placeholder {m} stands for no parameter" in answer.out
    assert "placeholder {least}" not in answer.out
    assert "the format 'cvs' is not known\n    To mend it: did you mean 'csv'?" in answer.out
    assert "did you mean 'append'?" in answer.out


def test_what_only_a_run_can_tell_is_no_mistake_before(
    odibi: Odibi, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ODIBI_TEST_SEP", raising=False)
    rewrite(shop, "name: shop\n", "name: shop\nparameters: {source: {type: dataset}}\n")
    rewrite(
        shop,
        "value: data/orders.csv",
        'value: "{source}"\n    params: {source_type: csv, sep: "${env:ODIBI_TEST_SEP}"}',
    )
    assert odibi("validate", "shop").code == 0
    plan = odibi("plan", "shop")
    assert (plan.code, "what it does is known when a run fills in its placeholders" in plan.out) == (0, True)
    run = odibi("run", "shop", "--param", "source=data/orders.csv")
    assert run.code == 3
    assert "the environment variable 'ODIBI_TEST_SEP' is not set" in run.err
    assert "params.sep" not in run.err
    monkeypatch.setenv("ODIBI_TEST_SEP", ",")
    assert odibi("run", "shop", "--param", "source=data/orders.csv").code == 0


def test_a_folder_that_only_a_run_can_name_holds_no_other_target(odibi: Odibi, shop: Path) -> None:
    rewrite(shop, "name: shop\n", "name: shop\nparameters: {region: {type: text}}\n")
    text = (shop / "pipelines" / "shop.yaml").read_text()
    (shop / "pipelines" / "shop.yaml").write_text(
        text.rstrip("\n") + "\n  - {name: two, layer: store, type: config_op, value: 'out/{region}/', "
        "params: {format: csv}, inputs: {data: large}}\n"
    )
    assert odibi("validate", "shop").code == 0
    assert odibi("run", "shop", "--param", "region=north").code == 0
    assert (shop / "out" / "north").is_dir()
    assert (shop / "out" / "large.csv").is_file()


def test_a_word_that_a_setting_does_not_have_is_told_with_the_nearest(odibi: Odibi, shop: Path) -> None:
    rewrite(shop, "name: shop\n", "name: shop\nsettings: {checkpoint_mode: autoo}\n")
    answer = odibi("validate", "shop")
    assert (
        "settings.checkpoint_mode: there is no checkpoint_mode 'autoo'\n    To mend it: did you mean 'auto'?"
        in answer.out
    )


def test_a_file_that_holds_a_list_is_told_so_without_advice_for_programs(odibi: Odibi, shop: Path) -> None:
    (shop / "pipelines" / "list.yaml").write_text("- a\n")
    answer = odibi("validate", "list")
    assert "the file holds a list, not a pipeline" in answer.out
    assert "Path" not in answer.out


def test_what_follows_from_what_can_not_be_read_is_no_mistake_of_its_own(odibi: Odibi, shop: Path) -> None:
    rewrite(shop, "name: shop\n", "name: shop\nparameters: [least]\n")
    rewrite(shop, "amount > 10", "amount > {least}")
    answer = odibi("validate", "shop")
    assert "shop: 1 mistake\n" in answer.out
    assert "parameters must be a mapping, not a list" in answer.out


def test_a_file_of_aliases_upon_aliases_is_refused_at_once(odibi: Odibi, shop: Path) -> None:
    levels = "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 1000))
    (shop / "pipelines" / "bomb.yaml").write_text(f"a0: &a0 [x]\n{levels}")
    answer = odibi("validate", "bomb")
    assert answer.code == 3
    assert "alias" in answer.out


def test_a_missing_source_is_said_with_the_step(odibi: Odibi, shop: Path) -> None:
    (shop / "data" / "orders.csv").unlink()
    answer = odibi("run", "shop")
    assert answer.code == 1
    assert "Step 'read' failed" in answer.out
    assert "orders.csv" in answer.out
    assert "Skipped: large, save, total" in answer.out


def test_a_file_in_the_place_of_the_folder_of_a_target_is_said(odibi: Odibi, shop: Path) -> None:
    (shop / "out").write_text("a file")
    answer = odibi("run", "shop")
    assert answer.code == 1
    assert "Step 'save' failed" in answer.out
    assert "To mend it: " in answer.out


def test_a_broken_workspace_file_is_said_with_its_line(odibi: Odibi, shop: Path) -> None:
    (shop / "odibi.toml").write_text('name = "shop"\n\n[functions]\nalow = []\n')
    answer = odibi("run", "shop")
    assert answer.code == 3
    assert "odibi.toml, line 4: there is no setting 'functions.alow'" in answer.err


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("data/orders.csv", "this is no pipeline file"),
        ("pipelines", "pipeline 'pipelines' is not known"),
        ("nowhere.yaml", "pipeline 'nowhere.yaml' is not known"),
        ("x" * 5000 + ".yaml", "too long"),
    ],
)
def test_what_is_no_pipeline_is_said(odibi: Odibi, name: str, said: str) -> None:
    answer = odibi("run", name)
    assert answer.code in (1, 2, 3)
    assert said in answer.err.lower()


def test_a_binary_file_is_no_pipeline(odibi: Odibi, shop: Path) -> None:
    (shop / "pipelines" / "binary.yaml").write_bytes(bytes(range(256)))
    answer = odibi("run", "binary")
    assert answer.code == 3
    assert "UTF-8" in answer.err


def test_validate_goes_on_behind_a_file_that_can_not_be_read(odibi: Odibi, shop: Path) -> None:
    (shop / "pipelines" / "broken.yaml").write_text("steps: [")
    answer = odibi("validate")
    assert answer.code == 3
    assert "broken.yaml: can't be checked" in answer.out
    assert "shop: fine (4 steps)" in answer.out


@pytest.mark.parametrize(
    "command", [("run",), ("preview", "large", "-p"), ("schedule", "add", "often", "--every", "1h")]
)
def test_a_parameter_that_the_pipeline_does_not_have_is_refused(
    odibi: Odibi, shop: Path, command: tuple[str, ...]
) -> None:
    answer = odibi(*command, "shop", "--param", "regoin=West")
    assert answer.code == 2
    assert "'regoin': the pipeline has no such parameter" in answer.err
    assert "leave it out" in answer.err
    rewrite(shop, "name: shop\n", "name: shop\nparameters: {region: {default: all}}\n")
    answer = odibi(*command, "shop", "--param", "regoin=West")
    assert (answer.code, "did you mean 'region'?" in answer.err) == (2, True)
    assert not (shop / "out").exists()
    assert not (shop / "schedules").exists()


def test_outside_of_a_workspace_it_is_said_how_to_come_by_one(
    odibi: Odibi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    monkeypatch.chdir(outside)
    answer = odibi("run", "nowhere")
    assert answer.code == 2
    assert "odibi init DIR" in answer.err
    looking = [("runs", name) for name in ("list", "show", "follow", "cancel", "rerun", "resume")]
    for command in (*looking, ("story",)):
        answer = odibi(*command)
        assert answer.code == 3
        assert f"{outside}: this is no workspace" in answer.err
        assert "odibi init DIR" in answer.err
    assert not list(outside.iterdir())


def test_a_choice_without_choices_is_said_before_a_value_is_asked_for(odibi: Odibi, shop: Path) -> None:
    rewrite(shop, "name: shop\n", "name: shop\nparameters: {c: {type: choice, default: x}}\n")
    for answer in (odibi("validate", "shop"), odibi("run", "shop"), odibi("run", "shop", "--param", "c=y")):
        assert answer.code != 0
        assert "nothing to choose from" in answer.out + answer.err
        assert "choices: [" in answer.out + answer.err
