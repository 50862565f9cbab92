"""Pipelines in Python: read from the syntax tree and never run, written as a script."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from odibi_core.design.python_form import dump_python, load_python, read_python
from odibi_core.errors import OdibiError, PipelineInvalidError, Severity
from odibi_core.parameters import Parameter, ParameterType
from odibi_core.pipeline import Pipeline
from odibi_core.step import Step

DEVELOPMENT = '''
from odibi_core.step import Step
from odibi_core.orchestrator import Orchestrator

steps = [
    # Comments are fine.
    Step(
        layer="ingest",
        name="read",
        type="config_op",
        engine="pandas",
        value="data/sales.csv",
        params={"source_type": "csv", "header": True},
        outputs={"data": "raw"},
    ),
    Step("silver", "keep", "sql", "pandas", """
        SELECT *
        FROM raw
    """, None, {"raw": "raw"}, {"data": "kept"}),
]
orchestrator = Orchestrator(steps=steps, engine_type="spark", max_retries=3, cache_dir="cache/")
result = orchestrator.execute()
print(f"done: {result['success']}")
raise RuntimeError("never run")
'''


def step_with(argument: str) -> str:
    return f'steps = [Step(layer="l", name="s", type="t", engine="e", value="v", {argument})]'


def refusal(text: str) -> str:
    with pytest.raises(OdibiError) as caught:
        load_python(text)
    return str(caught.value)


def test_steps_and_settings_are_read_from_a_script_that_is_never_run() -> None:
    assert load_python(DEVELOPMENT) == Pipeline(
        "pipeline",
        [
            Step(
                "ingest", "read", "config_op", "pandas", "data/sales.csv",
                {"source_type": "csv", "header": True}, {}, {"data": "raw"},
            ),
            Step(
                "silver", "keep", "sql", "pandas", "\n        SELECT *\n        FROM raw\n    ",
                {}, {"raw": "raw"}, {"data": "kept"},
            ),
        ],
        settings={"max_retries": 3, "cache_dir": "cache/"},
        engine="spark",
    )  # fmt: skip


def test_a_file_gives_its_name_to_the_pipeline_and_to_errors(tmp_path: Path) -> None:
    file = tmp_path / "nightly.py"
    file.write_text(DEVELOPMENT, encoding="utf-8")
    assert load_python(file).name == "nightly"
    file.write_text("é = 1; " + step_with('params={"a": b}'), encoding="utf-8")
    with pytest.raises(PipelineInvalidError, match=r"nightly\.py:1:\d+, step 's', params\.a: the name 'b'"):
        load_python(file)


def test_every_kind_of_literal_is_read() -> None:
    values = "{'a': -1, 'b': +2.5, 'c': [None, True, ('x',)], 'd': 'one ' 'two ' + 'three', 'e': {'f': {}}}"
    [step] = load_python(step_with(f"params={values}")).steps
    assert step.params == ast.literal_eval(values.replace("' + '", ""))


def test_names_of_imports_and_of_single_steps_are_followed() -> None:
    text = """
from odibi_core import Step as S, Pipeline
import odibi_core.step as kit
read = S("l", "a", "t", "e", "v")
both: list = [read, kit.Step("l", "b", "t", "e", "v")]
pipeline = Pipeline("p", both)
"""
    assert [step.name for step in load_python(text).steps] == ["a", "b"]


def test_a_declared_pipeline_is_read_whole() -> None:
    text = """
steps = (Step("l", "a", "t", "e", "v"),)
parameters = {"n": Parameter("n", ParameterType.INTEGER, 1, choices=(1, 2), description="d")}
p = Pipeline(name="p", steps=steps, parameters=parameters, settings={"max_retries": 1}, description="text")
Orchestrator(p, max_retries=2, checkpoint_mode=CheckpointMode.LAYER, parameters={"n": 2})
"""
    assert load_python(text) == Pipeline(
        "p",
        [Step("l", "a", "t", "e", "v")],
        {"n": Parameter("n", ParameterType.INTEGER, 1, (1, 2), "d")},
        {"max_retries": 2, "checkpoint_mode": "layer"},
        description="text",
    )


def test_values_that_a_run_is_given_become_parameters_with_defaults() -> None:
    text = step_with("params={}") + "\nOrchestrator(steps, parameters={'day': 'x', 'n': 1.5, 'all': True})"
    assert load_python(text).parameters == {
        "day": Parameter("day", ParameterType.TEXT, "x"),
        "n": Parameter("n", ParameterType.NUMBER, 1.5),
        "all": Parameter("all", ParameterType.BOOLEAN, True),
    }


def test_objects_that_a_run_is_given_are_left_out_and_said() -> None:
    text = step_with("params={}") + "\nOrchestrator(steps, event_bus=bus, secrets={'a': 'b'}, max_retries=1)"
    design = read_python(text)
    assert design.pipeline.settings == {"max_retries": 1}
    assert [(problem.severity, problem.field, problem.what) for problem in design.problems] == [
        (Severity.WARNING, "event_bus", "event_bus was left out: it is an object of the program"),
        (Severity.WARNING, "secrets", "secrets was left out: secrets are never kept in a design"),
    ]
    assert load_python(text) == design.pipeline


def test_a_stream_gives_its_steps_and_its_engine() -> None:
    text = step_with("params={}") + (
        "\nStreamManager(steps=steps, engine_type='spark', stream_mode=StreamMode.FILE_WATCH,"
        " stream_config=config, checkpoint_dir='c', enable_tracker=True)"
    )
    design = read_python(text)
    assert (design.pipeline.engine, design.pipeline.settings) == ("spark", {"enable_tracker": True})
    assert [problem.field for problem in design.problems] == [
        "stream_mode",
        "stream_config",
        "checkpoint_dir",
    ]


def test_an_adapter_can_not_be_imported_and_the_rest_can() -> None:
    text = 'adapter = CloudAdapter.create("azure")\n' + step_with(
        'params={"source_type": "csv", "cloud_adapter": adapter}'
    )
    message = refusal(text)
    assert (
        "line 2, column 116, step 's', params.cloud_adapter: an adapter is an object of the program"
        in message
    )
    assert 'Name a connection in its place: {"connection": "my_storage"}, declared in odibi.toml' in message
    assert read_python(text).pipeline.steps[0].params == {"source_type": "csv"}


@pytest.mark.parametrize(
    ("argument", "says"),
    [
        (
            "params={'a': name}",
            "params.a: the name 'name' stands for something that only the running program knows",
        ),
        ("params={'a': f'{x}'}", "params.a: an f-string is made when the program runs. Write a plain text"),
        ("params={'a': make(1)}", "params.a: the call of 'make' would have to be run"),
        ("params={'a': lambda: 1}", "params.a: a lambda is code, which a design can't hold"),
        ("params={'a': {1, 2}}", "params.a: a set can't be held. Write a list"),
        ("params={'a': [x for x in y]}", "params.a: a comprehension would have to be run"),
        ("params={'a': b'x'}", "params.a: bytes values can't be held"),
        ("params={'a': 1j}", "params.a: complex values can't be held"),
        ("params={'a': 2 * 3}", "params.a: the expression is no literal, and nothing is run here"),
        ("params={'a': -'x'}", "params.a: the expression is no literal"),
        ("params={'a': 'x' + 1}", "params.a: only texts can be joined with +"),
        ("params={'a': 1e999}", "params.a: the number is too large"),
        (f"params={{'a': {'1' * 400}}}", "params.a: a number has at most 300 digits"),
        ("params={'a': 1, 'a': 2}", "params.a: the key 'a' is there twice"),
        ("params={1: 2}", "params: a key must be text, not 1"),
        ("params={**other}", "params: entries behind two stars can't be read"),
        ("params=['a']", "params: it must be a dict, not ['a']"),
        (
            "params={'a': WriteMode.APEND}",
            "params.a: WriteMode has no member 'APEND'. Did you mean 'APPEND'?",
        ),
        ("parms={}", "parms: Step has no argument 'parms'. Did you mean 'params'?"),
        ("**more", "arguments behind two stars can't be read"),
    ],
)
def test_what_is_no_literal_is_named_with_its_place_and_how_to_mend_it(argument: str, says: str) -> None:
    message = refusal(step_with(argument))
    assert "line 1, column " in message
    assert "step 's'" in message
    assert says in message


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "there is no list of steps in the file\n  To mend it: write `steps = [Step(…), …]`"),
        ("a = [Step()]\nb = [Step()]", "the file has several lists of steps: a, b"),
        ("Pipeline('a')\nPipeline('b')", "the file makes more than one Pipeline, on lines 1 and 2"),
        ("steps = [Step()]", "'layer' is missing. Add layer=…"),
        ("steps = [Step('l', 's', 't', 'e', 'v'), other]", "line 1, column 41, steps: this is not a Step"),
        (step_with("params={}") + "\nsteps.append(more)", "line 2, column 1, steps: 'steps' is changed here"),
        (
            step_with("params={}") + "\nsteps[0].value = 'x'",
            "line 2, column 1, steps: 'steps' is changed here",
        ),
        (step_with("params={}") + "\nsteps += [x]", "steps: the steps are not a literal list"),
        (
            step_with("params={}") + "\nother = Step('l', 'b', 't', 'e', 'v')",
            "this step is in no list that is read",
        ),
        ("Orchestrator(steps=make_steps())", "steps: the steps are not a literal list"),
        (
            step_with("params={}") + "\nOrchestrator(steps, max_retries=n)",
            "settings.max_retries: the name 'n'",
        ),
        (
            "Pipeline('p', [], parameters={'a': 1})",
            "parameters.a: this is not a Parameter. Write Parameter('a', …)",
        ),
        ("Pipeline('p', [], parameters={'a': Parameter('b', 'txt')})", "did you mean 'text'?"),
        ("x = (", "line 1, column 5: the text is not Python: '(' was never closed"),
        ("a\0b", "the text is not Python: source code string cannot contain null bytes"),
        ("x = '\ud800'", "line 1, column 6: the text holds half a character"),
        ("-" * 100_000 + "1", "the text is nested too deep"),
        ("(" * 300, "too many nested parentheses"),
    ],
    ids=lambda given: given[:30].encode("unicode_escape").decode(),
)
def test_a_text_without_a_readable_pipeline_is_refused_in_clear_words(text: str, says: str) -> None:
    assert says.lower() in refusal(text).lower()


def test_every_mistake_is_reported_at_once() -> None:
    message = refusal("steps = [Step(layer=a, name='s', type=b, engine='e', value=c())]")
    assert [line.split(", ")[2].split(":")[0] for line in message.split("\n")[1:]] == ["step 's'"] * 3


def test_reading_has_no_effects(tmp_path: Path) -> None:
    target = tmp_path / "made"
    load_python(f"import pathlib\npathlib.Path({str(target)!r}).touch()\n" + step_with("params={}"))
    assert not target.exists()


def test_a_script_reads_like_one_that_a_person_wrote() -> None:
    pipeline = Pipeline(
        "sales",
        [
            Step("ingest", "read", "config_op", "pandas", "a.csv", {"header": True}, {}, {"data": "raw"}),
            Step("silver", "keep", "sql", "", "SELECT *\nFROM raw\n", {}, {"raw": "raw"}, {"data": "kept"}),
        ],
        {"n": Parameter("n", ParameterType.CHOICE, "a", ("a", "b"))},
        {"max_retries": 3},
    )
    assert dump_python(pipeline) == (
        """\
from odibi_core.orchestrator import Orchestrator
from odibi_core.parameters import Parameter, ParameterType
from odibi_core.pipeline import Pipeline
from odibi_core.step import Step

steps = [
    Step(
        layer="ingest",
        name="read",
        type="config_op",
        engine="pandas",
        value="a.csv",
        params={"header": True},
        outputs={"data": "raw"},
    ),
    Step(
        layer="silver",
        name="keep",
        type="sql",
        engine="",
        value=\"\"\"SELECT *
FROM raw
\"\"\",
        inputs={"raw": "raw"},
        outputs={"data": "kept"},
    ),
]

pipeline = Pipeline(
    name="sales",
    steps=steps,
    parameters={
        "n": Parameter(name="n", type=ParameterType.CHOICE, default="a", choices=("a", "b")),
    },
    settings={"max_retries": 3},
    engine="pandas",
)

if __name__ == "__main__":
    result = Orchestrator(pipeline).execute()
    for step, error in result.errors.items():
        print(f"{step}: {error}")
    raise SystemExit(0 if result.success else 1)
"""
    )


def test_a_script_runs_with_the_core_alone(tmp_path: Path) -> None:
    sql = "SELECT *\nFROM raw\nWHERE a > {least}"
    (tmp_path / "in.csv").write_text("a,b\n1,x\n2,y\n", encoding="utf-8")
    pipeline = Pipeline(
        "few",
        [
            Step("ingest", "read", "config_op", "", "in.csv", {"header": True}, {}, {"data": "raw"}),
            Step("silver", "keep", "sql", "", sql, {}, {"raw": "raw"}, {"data": "kept"}),
            Step("store", "save", "config_op", "", "out.csv", {"format": "csv"}, {"data": "kept"}),
        ],
        {"least": Parameter("least", ParameterType.NUMBER, 1)},
    )
    (tmp_path / "few.py").write_text(dump_python(pipeline), encoding="utf-8")
    ran = subprocess.run(
        [sys.executable, "few.py"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stdout) == (0, "")
    assert (tmp_path / "out.csv").read_text(encoding="utf-8") == "a,b\n2,y\n"


def test_a_subclass_of_text_can_not_bring_code_into_a_script() -> None:
    class Evil(str):
        __slots__ = ()

        def __repr__(self) -> str:
            return "__import__('os').system('true')"

        __str__ = __repr__

    pipeline = Pipeline(Evil("p"), [Step("l", Evil("s"), "t", "e", Evil("v"), {Evil("k"): Evil("x")})])
    text = dump_python(pipeline)
    assert "__import__" not in text
    assert load_python(text).steps[0].params == {"k": "x"}


def test_what_python_can_not_hold_is_refused_with_step_and_field() -> None:
    with pytest.raises(PipelineInvalidError, match=r"step 's', params\.a: the value is nan"):
        dump_python(Pipeline("p", [Step("l", "s", "t", "e", "v", {"a": float("nan"), "b": object()})]))


def test_a_tuple_stays_a_tuple() -> None:
    step = Step("l", "s", "t", "e", "v", {"one": ("a",), "none": (), "text": ("a\nb", 1)})
    assert load_python(dump_python(Pipeline("p", [step]))).steps == [step]
