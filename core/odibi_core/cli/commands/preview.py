"""`odibi preview`."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from odibi_core.cli.arguments import PIPELINE, json_option, param_option
from odibi_core.cli.session import Session

if TYPE_CHECKING:
    from odibi_core.preview import Preview


@click.command("preview", short_help="Show the first rows that a step makes.")
@click.argument("step")
@click.option("-p", "--pipeline", type=PIPELINE, required=True, help="The pipeline that has the step.")
@param_option
@click.option(
    "--rows",
    metavar="N",
    type=click.IntRange(1),
    default=20,
    show_default=True,
    help="The most rows to show.",
)
@json_option
@click.option("--csv", "as_csv", is_flag=True, help="Write the rows as CSV.")
@click.pass_obj
def command(
    session: Session,
    *,
    step: str,
    pipeline: str,
    parameters: Mapping[str, str],
    rows: int,
    as_json: bool,
    as_csv: bool,
) -> None:
    """Show the first rows that STEP makes; of a step that only writes, those that it would write.

    What the step needs runs over the sources. Nothing is written, and no run is kept.
    """
    if as_json and as_csv:
        raise click.UsageError("Give --json or --csv, not both.")
    terminal = session.terminal
    terminal.gives_json = as_json
    from odibi_core.preview import preview_step
    from odibi_core.secret_store import Redactor

    opened = session.open_pipeline(pipeline, parameters)
    terminal.redactor = Redactor()
    preview = preview_step(
        opened.pipeline,
        step,
        rows=rows,
        workspace=opened.workspace,
        parameters=parameters,
        allowed_functions=opened.allowed_functions,
        redactor=terminal.redactor,
    )
    if as_csv:
        _warn(session, preview)
        terminal.raw(terminal.redactor.text(_csv(preview)))
    else:
        show_preview(session, preview, as_json=as_json)


def show_preview(session: Session, preview: Preview, *, as_json: bool) -> None:
    """Write a preview as a table, or as a document."""
    _warn(session, preview)
    if as_json:
        session.terminal.document(_document(preview))
    else:
        _tell(session, preview)


def _warn(session: Session, preview: Preview) -> None:
    for warning in preview.warnings:
        session.terminal.note(("warning: ", "yellow"), warning)


def _tell(session: Session, preview: Preview) -> None:
    from odibi_core.story.wording import plural, rows

    terminal = session.terminal
    names = [terminal.clean_name(name) for name in preview.schema.names]
    types = [kind for _, kind in preview.schema]
    cells = [[cell_text(value) for value in row] for row in _rows(preview)]
    cut = terminal.table(names, [types, *cells], fits=True)
    terminal.line()
    count = rows(preview.rows.num_rows)
    shown = f"The first {count}; there are more (--rows)." if preview.has_more else f"{count}, which is all."
    terminal.line((shown, "bright_black"))
    if cut:
        terminal.line(
            (f"{plural(cut, 'column')} more did not fit; --csv and --json have all.", "bright_black")
        )


def _document(preview: Preview) -> dict[str, Any]:
    return {
        "step": preview.step,
        "dataset": preview.dataset,
        "columns": [{"name": name, "type": kind} for name, kind in preview.schema],
        "rows": [
            dict(zip(preview.schema.names, map(whole_value, row), strict=True)) for row in _rows(preview)
        ],
        "has_more": preview.has_more,
        "warnings": list(preview.warnings),
    }


def _csv(preview: Preview) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(preview.schema.names)
    writer.writerows(["" if value is None else cell_text(value) for value in row] for row in _rows(preview))
    return text.getvalue()


def _rows(preview: Preview) -> list[tuple[Any, ...]]:
    columns = [column.to_pylist() for column in preview.rows.columns]
    return list(zip(*columns, strict=True))


def whole_value(value: Any) -> Any:
    """A value as JSON can hold it; text in full."""
    from odibi_core.dataset import json_value

    return value if isinstance(value, str) else json_value(value)


def cell_text(value: Any) -> str:
    """A value as a cell of a table shows it."""
    import json

    match value:
        case None:
            return "NULL"
        case str():
            return value
        case bool():
            return str(value).lower()
        case list() | dict():
            return json.dumps(whole_value(value), ensure_ascii=False)
    return str(whole_value(value))
