"""Import and export: YAML and Python, the same bytes again, and nothing is ever run."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.studio.conftest import YAML

from odibi_core.design.templates import templates
from odibi_core.design.yaml_form import load_yaml
from odibi_core.samples import copy_samples
from odibi_core.workspace import Workspace
from odibi_studio.messages import Severity
from odibi_studio.services.designs import Designs
from odibi_studio.services.documents import Content
from odibi_studio.services.exchange import Form, export, import_text
from odibi_studio.services.versions import Versions


def texts(folder: Path) -> dict[str, str]:
    """Each sample pipeline and each template."""
    copy_samples(folder)
    samples = {path.stem: path.read_text() for path in (folder / "pipelines").glob("*.yaml")}
    return samples | {template.name: template.text for template in templates()} | {"receipts": YAML}


@pytest.mark.parametrize("form", ["yaml", "python"])
def test_export_import_export_gives_the_same_bytes(designs: Designs, form: Form, tmp_path: Path) -> None:
    for text in texts(tmp_path / "samples").values():
        first = export(designs, designs.add(Content(text)).id, form)
        answer = import_text(designs, first.file_name, first.text)
        assert answer.problems == []
        assert answer.design is not None
        assert export(designs, answer.design.id, form) == first


def test_python_that_was_exported_comes_back_as_the_same_pipeline(designs: Designs, tmp_path: Path) -> None:
    for text in texts(tmp_path / "samples").values():
        script = export(designs, designs.add(Content(text)).id, "python")
        answer = import_text(designs, script.file_name, script.text)
        assert answer.design is not None
        assert designs.content(answer.design.id).pipeline == load_yaml(text)


def test_yaml_is_taken_byte_for_byte(designs: Designs) -> None:
    answer = import_text(designs, "x.yml", YAML)
    assert answer.design is not None
    assert export(designs, answer.design.id, "yaml").text == YAML
    assert export(designs, answer.design.id, "yaml").file_name == "receipts.yaml"


def test_what_is_imported_has_a_version_a_file_and_a_layout(
    designs: Designs, versions: Versions, workspace: Workspace
) -> None:
    answer = import_text(designs, "folder/till.yaml", YAML)
    assert answer.design is not None
    assert (answer.design.version, answer.design.is_changed) == (1, False)
    assert [version.message for version in versions.list(answer.design.id)] == ["Imported from till.yaml"]
    assert (workspace.root / "pipelines" / "receipts.yaml").read_text() == YAML
    places = answer.design.document.layout.positions
    assert places["read"].x < places["clean"].x < places["save"].x


def test_every_problem_of_a_yaml_text_is_told_with_its_place(designs: Designs) -> None:
    text = "name: p\nsteps:\n  - name: a\n    layer: x\n    typ: sql\n    params: 3\n"
    answer = import_text(designs, "p.yaml", text)
    assert answer.design is None
    assert [(problem.step, problem.field, problem.place) for problem in answer.problems] == [
        ("a", "type", "line 3, column 5"),
        ("a", "typ", "line 5, column 5"),
        ("a", "params", "line 6, column 13"),
    ]
    assert answer.problems[1].fix == "did you mean 'type'?"
    assert designs.cards() == []


def test_every_problem_of_a_script_is_told_with_its_place_and_nothing_is_run(
    designs: Designs, tmp_path: Path
) -> None:
    trace = tmp_path / "was_run"
    text = f"""
from pathlib import Path
from odibi_core.step import Step
Path({str(trace)!r}).touch()
steps = [
    Step("bronze", "a", "sql", "pandas", open("x").read()),
    Step("bronze", Path(__file__).name, "sql", "pandas", "SELECT 1"),
]
"""
    answer = import_text(designs, "script.py", text)
    assert answer.design is None
    assert [problem.place for problem in answer.problems] == ["script.py:6:42", "script.py:7:20"]
    assert not trace.exists()


def test_warnings_of_a_script_come_with_its_design(designs: Designs) -> None:
    text = """
from odibi_core.orchestrator import Orchestrator
from odibi_core.step import Step
steps = [Step("bronze", "a", "sql", "pandas", "SELECT 1 AS one", outputs={"data": "one"})]
Orchestrator(steps, secrets={"password": "hunter2"}).execute()
"""
    answer = import_text(designs, "folder/nightly.py", text)
    assert answer.design is not None
    assert answer.design.document.pipeline.name == "nightly"
    assert [problem.severity for problem in answer.problems] == [Severity.WARNING]
    assert "hunter2" not in designs.content(answer.design.id).text


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("data.csv", "a,b\n", "'data.csv' is neither YAML nor Python"),
        ("p.yaml", "a: [", "the text is not YAML"),
        ("p.yaml", "a: &x 1\nb: *x\n", "the anchor &x is not allowed"),
        ("p.py", "steps = [", "the text is not Python"),
        ("p.py", "x = 1\n", "there is no list of steps in the file"),
        ("p.yaml", "x" * (8 * 2**20 + 1), "a design holds at most 8 MB"),
    ],
)
def test_a_text_that_is_no_pipeline_is_told_why(designs: Designs, name: str, text: str, said: str) -> None:
    answer = import_text(designs, name, text)
    assert answer.design is None
    assert said in answer.problems[0].what


def test_an_imported_name_that_is_taken_stays_without_a_version_and_that_is_told(designs: Designs) -> None:
    first, second = (import_text(designs, "receipts.yaml", YAML) for _ in range(2))
    assert first.problems == []
    assert [card.name for card in designs.cards()] == ["receipts", "receipts"]
    assert second.design is not None
    assert second.design.version == 0
    assert [problem.what for problem in second.problems] == [
        "no version was made: there is another pipeline of the name 'receipts'"
    ]
