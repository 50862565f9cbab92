"""`odibi test`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from odibi_core.cli.arguments import json_option
from odibi_core.cli.exit_codes import ExitCode
from odibi_core.cli.session import Session

if TYPE_CHECKING:
    from odibi_core.cli.terminal import Terminal
    from odibi_core.golden.running import GoldenResult


@click.command("test", short_help="Tell whether steps still give their golden rows.")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option(
    "--engine", "engines", multiple=True, metavar="NAME", help="Only on this engine; may be repeated."
)
@json_option
@click.pass_obj
def command(session: Session, *, names: tuple[str, ...], engines: tuple[str, ...], as_json: bool) -> int:
    """Run the steps of golden cases over the rows that are kept, on each engine that is installed.

    All cases in golden/ are run where no NAME is given. Rows are in no order, floats may be apart by the
    case's tolerance, null and NaN are told apart. The exit code is 1 where a step gives something else.
    """
    from odibi_core.errors import OdibiError
    from odibi_core.golden.case import FOLDER, case_files

    terminal = session.terminal
    terminal.gives_json = as_json
    workspace = session.workspace()
    wanted = list(names) or list(case_files(workspace))
    if not wanted:
        raise OdibiError(
            "there are no golden cases here",
            where=str(workspace.root / FOLDER),
            fix="keep what a step gives now: odibi pin STEP -p PIPELINE",
        )
    results = []
    for result in _results(session, wanted, engines):
        results.append(result)
        if not as_json:
            _tell(terminal, result)
    failed = sum(not result.is_passed for result in results)
    if as_json:
        terminal.document({"passed": len(results) - failed, "failed": failed, "cases": _documents(results)})
    else:
        terminal.line()
        terminal.line(f"{len(results) - failed} passed, {failed} failed.")
    return ExitCode.FAILED if failed else ExitCode.OK


def _results(session: Session, names: list[str], engines: tuple[str, ...]) -> Iterator[GoldenResult]:
    from odibi_core.engines.registry import engine_names
    from odibi_core.errors import UnknownNameError
    from odibi_core.golden.case import find_case
    from odibi_core.golden.running import engines_of, run_case

    known = engine_names()
    for engine in engines:
        if engine not in known:
            raise UnknownNameError.of("the engine", engine, known)
    workspace = session.workspace()
    for name in names:
        case = find_case(workspace, name)
        opened = session.open_pipeline(case.pipeline)
        for engine in engines_of(case, known):
            if not engines or engine in engines:
                yield run_case(
                    name,
                    case,
                    engine,
                    opened.pipeline,
                    workspace=workspace,
                    allowed_functions=opened.allowed_functions,
                )


def _tell(terminal: Terminal, result: GoldenResult) -> None:
    verdict = ("passed", "green") if result.is_passed else ("failed", "red")
    terminal.line(verdict, f"  {result.case} on {result.engine}")
    if result.error is not None:
        terminal.line(f"    the step failed: {result.error.what}")
        if result.error.fix:
            terminal.line(f"    To mend it: {result.error.fix}")
        return
    for column, (expected, found) in result.columns.items():
        if not found:
            terminal.line(f"    the column {column!r} is missing")
        elif not expected:
            terminal.line(f"    the column {column!r} is new, as {found}")
        else:
            terminal.line(f"    the column {column!r} is {found}, not {expected}")
    if result.rows is None or not any(result.rows.counts):
        return
    missing, more = result.rows.counts
    terminal.line(f"    {missing:,} expected rows did not come, {more:,} others came")
    for expected_row, found_row in result.rows.pairs:
        if expected_row is not None and found_row is not None:
            terminal.line(f"    {_changes(expected_row, found_row)}")
        elif expected_row is not None:
            terminal.line(f"    did not come: {_row(expected_row)}")
        elif found_row is not None:
            terminal.line(f"    came instead: {_row(found_row)}")


def _changes(expected: dict[str, Any], found: dict[str, Any]) -> str:
    """What is other in a row, after what tells it from others."""
    changed = [name for name, value in expected.items() if not _is_same(value, found[name])]
    same = {name: value for name, value in expected.items() if name not in changed}
    told = (f"{name} {_shown(expected[name])} → {_shown(found[name])}" for name in changed)
    return f"{_row(same)}: {', '.join(told)}"


def _is_same(one: Any, other: Any) -> bool:
    return bool(one == other) or (one != one and other != other)  # noqa: PLR0124 - NaN equals no NaN


def _row(row: dict[str, Any]) -> str:
    return "{" + ", ".join(f"{name}: {_shown(value)}" for name, value in row.items()) + "}"


def _shown(value: Any) -> str:
    return "null" if value is None else str(value)


def _documents(results: list[GoldenResult]) -> list[dict[str, Any]]:
    return [
        {
            "case": result.case,
            "engine": result.engine,
            "passed": result.is_passed,
            "error": result.error.what if result.error is not None else None,
            "columns": {name: list(types) for name, types in result.columns.items()},
            "missing_rows": result.rows.counts[0] if result.rows is not None else None,
            "unexpected_rows": result.rows.counts[1] if result.rows is not None else None,
            "examples": [list(pair) for pair in result.rows.pairs] if result.rows is not None else [],
        }
        for result in results
    ]
