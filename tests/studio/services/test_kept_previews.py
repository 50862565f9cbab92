"""Rows are given again from memory as long as nothing that they were made of has changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from odibi_core.errors import UnknownNameError
from odibi_core.workspace import Workspace
from odibi_studio.messages import PipelineForm, PreviewAnswer, PreviewRequest, StepForm
from odibi_studio.services.checking import Checker
from odibi_studio.services.kept_previews import KeptPreviews
from odibi_studio.services.previews import Computed, Previewer

MakeFile = Callable[[str, str | bytes], Path]

ORDERS = StepForm(
    name="read", layer="bronze", type="config_op", value="data/orders.csv", outputs={"data": "orders"}
)


class CountingPreviewer(Previewer):
    """Counts how often it computes."""

    computations = 0

    def computed(self, request: PreviewRequest, *, at_hand: bool = False) -> Computed:
        self.computations += 1
        return super().computed(request, at_hand=at_hand)


@pytest.fixture
def previewer(workspace: Workspace) -> Iterator[CountingPreviewer]:
    checker = Checker(workspace)
    previewer = CountingPreviewer(workspace, checker)
    yield previewer
    previewer.close()
    checker.close()


@pytest.fixture
def previews(workspace: Workspace, previewer: Previewer, make_file: MakeFile) -> KeptPreviews:
    make_file("data/orders.csv", "id,amount\n1,2.5\n2,4\n")
    return KeptPreviews(workspace, previewer)


def asked(text: str = "SELECT id FROM orders", *more: StepForm, step: str = "make") -> PreviewRequest:
    made = StepForm(
        name="make",
        layer="silver",
        type="sql",
        value=text,
        inputs={"orders": "orders"},
        outputs={"data": "made"},
    )
    return PreviewRequest(
        revision=0, pipeline=PipelineForm(name="sales", steps=[ORDERS, made, *more]), step=step
    )


def rows(previews: KeptPreviews, request: PreviewRequest) -> list[list[object]]:
    answer = PreviewAnswer.model_validate_json(previews.answer(request))
    assert answer.problem is None
    return answer.outputs[0].rows


def test_the_same_question_is_computed_once(previews: KeptPreviews, previewer: CountingPreviewer) -> None:
    first = previews.answer(asked())
    assert previews.answer(asked()) == first
    assert previewer.computations == 1
    assert rows(previews, asked("SELECT id + 1 AS id FROM orders")) == [[2], [3]]
    assert previewer.computations == 2


def test_rows_of_a_file_that_has_changed_are_never_given_again(
    previews: KeptPreviews, make_file: MakeFile
) -> None:
    assert rows(previews, asked()) == [[1], [2]]
    make_file("data/orders.csv", "id,amount\n7,2.5\n8,4\n")
    assert rows(previews, asked()) == [[7], [8]]


def test_other_settings_of_the_workspace_are_another_question(
    previews: KeptPreviews, previewer: CountingPreviewer, workspace: Workspace
) -> None:
    previews.answer(asked())
    (workspace.root / "odibi.toml").write_text("[studio]\npreview_functions = true\n")
    previews.answer(asked())
    assert previewer.computations == 2


@pytest.mark.parametrize("text", ["SELECT random() AS r FROM orders", "SELECT now() AS t FROM orders"])
def test_what_chance_or_the_time_makes_is_made_each_time(
    previews: KeptPreviews, previewer: CountingPreviewer, text: str
) -> None:
    previews.answer(asked(text))
    previews.answer(asked(text))
    assert previewer.computations == 2


def test_a_failure_is_not_kept(previews: KeptPreviews, previewer: CountingPreviewer) -> None:
    for _ in range(2):
        answer = PreviewAnswer.model_validate_json(previews.answer(asked("SELECT nothing FROM orders")))
        assert answer.problem is not None
    assert previewer.computations == 2


def test_rows_are_made_ready_ahead_only_of_sources_that_were_read(
    previews: KeptPreviews, previewer: CountingPreviewer
) -> None:
    assert not previews.look_ahead(asked()).is_ready
    previews.answer(asked(step="read"))
    assert previews.look_ahead(asked()).is_ready
    before = previewer.computations
    assert rows(previews, asked()) == [[1], [2]]
    assert previewer.computations == before


def test_no_function_is_called_ahead(
    previews: KeptPreviews, make_file: MakeFile, workspace: Workspace
) -> None:
    (workspace.root / "odibi.toml").write_text("[studio]\npreview_functions = true\n")
    make_file("ahead_made.py", "def made(orders):\n    raise AssertionError('nobody asked')\n")
    call = StepForm(
        name="call",
        layer="gold",
        type="function",
        value="ahead_made.made",
        inputs={"orders": "orders"},
        outputs={"data": "called"},
    )
    previews.answer(asked(step="read"))
    assert not previews.look_ahead(asked("SELECT id FROM orders", call, step="call")).is_ready


def test_a_step_that_is_not_there_is_an_error(previews: KeptPreviews) -> None:
    with pytest.raises(UnknownNameError):
        previews.answer(asked(step="gone"))
    with pytest.raises(UnknownNameError):
        previews.look_ahead(asked(step="gone"))
