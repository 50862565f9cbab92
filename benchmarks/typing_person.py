"""What a person who types waits for: the check of fifty steps, the preview of a step ten deep."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from pathlib import Path

from odibi_core.workspace import Workspace
from odibi_studio.messages import CheckRequest, PipelineForm, PreviewRequest, StepForm
from odibi_studio.services.checking import Checker
from odibi_studio.services.previews import Previewer

Figures = dict[str, float]

_ANSWERS = 20
_SOURCES = 5
_ROWS = 20_000


def check(folder: Path, change: str) -> Figures:
    """The check of fifty steps after a change in one of them."""
    _write_sources(folder)
    checker = Checker(Workspace.find(folder))

    def ask(number: int) -> None:
        pipeline = _fifty_steps(number, change)
        answer = checker.check(CheckRequest(revision=number, pipeline=pipeline))
        if bool(answer.problems) != (change == "mistake"):
            raise SystemExit(f"the check is wrong: {answer.problems}")

    try:
        return _timed(ask)
    finally:
        checker.close()


def preview(folder: Path, kind: str) -> Figures:
    """The preview of the last of ten steps over a file, its sample in memory."""
    _write_sources(folder)
    workspace = Workspace.find(folder)
    checker = Checker(workspace)
    previewer = Previewer(workspace, checker)
    steps = [_source(0)]
    for depth in range(10):
        text = f"SELECT id, name, amount + {depth} AS amount, day FROM rows WHERE amount > -{depth}"
        if kind == "blocking" and depth % 3 == 2:
            text = "SELECT id, name, sum(amount) AS amount, max(day) AS day FROM rows GROUP BY id, name"
        steps.append(_sql(f"step {depth}", text, "raw 0" if depth == 0 else f"made step {depth - 1}"))
    pipeline = PipelineForm(name="deep", steps=steps)

    def ask(number: int) -> None:
        answer = previewer.preview(PreviewRequest(revision=number, pipeline=pipeline, step="step 9"))
        if answer.problem is not None or not answer.outputs[0].rows:
            raise SystemExit(f"the preview is wrong: {answer.problem}")

    try:
        return _timed(ask, pause_s=0.3)
    finally:
        previewer.close()
        checker.close()


def _timed(ask: Callable[[int], None], pause_s: float = 0) -> Figures:
    ask(0)
    ask(1)
    taken = []
    for number in range(2, _ANSWERS + 2):
        # A person takes longer than this between two looks; meanwhile the next process gets ready.
        time.sleep(pause_s)
        begun = time.perf_counter()
        ask(number)
        taken.append((time.perf_counter() - begun) * 1_000)
    return {"median_ms": statistics.median(taken), "worst_ms": max(taken)}


def _write_sources(folder: Path) -> None:
    (folder / "odibi.toml").touch()
    for number in range(_SOURCES):
        lines = (f"{n},name {n % 97},{n * 1.5},2025-01-{n % 28 + 1:02}" for n in range(_ROWS))
        (folder / f"s{number}.csv").write_text("id,name,amount,day\n" + "\n".join(lines) + "\n")


def _fifty_steps(number: int, change: str) -> PipelineForm:
    steps = [_source(each) for each in range(_SOURCES)]
    for each in range(40):
        key = f"raw {each}" if each < _SOURCES else f"made step {each - _SOURCES}"
        extra = ""
        if (change == "first" and each < _SOURCES) or (change == "last" and each == 39):
            extra = f", {number} AS n{number}"
        columns = "*" if each >= _SOURCES else "id, name, amount, day"
        text = f"SELECT {columns}{extra} FROM rows WHERE amount > {each}"
        if change == "mistake" and each == 20:
            text = f"SELECT id, amuont, {number} AS n FROM rows"
        steps.append(_sql(f"step {each}", text, key))
    steps += [
        StepForm(
            name=f"save {each}",
            layer="store",
            type="config_op",
            value=f"out/{each}.parquet",
            inputs={"rows": f"made step {35 + each}"},
        )
        for each in range(5)
    ]
    return PipelineForm(name="fifty", steps=steps)


def _source(number: int) -> StepForm:
    return StepForm(
        name=f"read {number}",
        layer="bronze",
        type="config_op",
        value=f"s{number}.csv",
        outputs={"data": f"raw {number}"},
    )


def _sql(name: str, text: str, key: str) -> StepForm:
    return StepForm(
        name=name,
        layer="silver",
        type="sql",
        value=text,
        inputs={"rows": key},
        outputs={"data": f"made {name}"},
    )


CASES: dict[str, Callable[..., Figures]] = {"check": check, "preview": preview}
