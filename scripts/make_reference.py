"""Write the pages of the reference that follow from the code: `python scripts/make_reference.py`.

Settings come from their models, commands from the command line itself.
"""

from __future__ import annotations

import datetime as dt
import enum
import inspect
import json
import runpy
import types
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import click
from pydantic import BaseModel, BeforeValidator
from pydantic.fields import FieldInfo

from odibi_core.alerts.rule import Alert
from odibi_core.cli.app import odibi
from odibi_core.cli.exit_codes import MEANINGS
from odibi_core.connections import CONNECTIONS
from odibi_core.durations import Span, spell_duration
from odibi_core.expectations.model import KINDS as EXPECTATIONS
from odibi_core.formats.base import WriteMode
from odibi_core.formats.registry import format_named, format_names, server_names
from odibi_core.nodes import settings
from odibi_core.run_settings import RunSettings as PipelineSettings
from odibi_core.schedules.schedule import Awaited, Schedule
from odibi_core.secret_providers.settings import PROVIDERS, SecretSettings
from odibi_core.shares import Share, spell_share
from odibi_core.streams.declared import Stream
from odibi_core.workspace_settings import (
    FunctionSettings,
    HttpSettings,
    RunSettings,
    SparkSettings,
    StudioSettings,
    WorkspaceSettings,
)

_REFUSED_BEGINS, _REFUSED_ENDS = "<!-- refused -->", "<!-- /refused -->"
_BEGINS, _ENDS = "<!-- dialects -->", "<!-- /dialects -->"
FOLDER = Path(__file__).parents[1] / "docs"

KINDS: tuple[tuple[str, str, type[BaseModel]], ...] = (
    ("Every step", "May stand in the params of every step.", settings.StepSettings),
    ("connect", "Checks a connection at the start of a run.", settings.ConnectSettings),
    ("ingest", "Reads the file, folder or pattern that `value` names.", settings.IngestSettings),
    (
        "transform, type function",
        "Calls a Python function; what is not a setting goes to its arguments.",
        settings.TransformSettings,
    ),
    ("transform, type sql", "Runs one `SELECT`, see [SQL in steps](sql.md).", settings.SqlSettings),
    (
        "store, and publish to a file",
        "Writes its input to the file or folder that `value` names.",
        settings.StoreSettings,
    ),
    (
        "publish over HTTP",
        "Sends rows as JSON, where `value` is an `http://` or `https://` address.",
        settings.HttpPublishSettings,
    ),
)
WORKSPACE: tuple[tuple[str, type[BaseModel]], ...] = (
    ("Top level", WorkspaceSettings),
    ("[functions]", FunctionSettings),
    ("[http]", HttpSettings),
    ("[runs]", RunSettings),
    ("[studio]", StudioSettings),
    ("[secrets]", SecretSettings),
    *((f"[[secrets.providers]], kind {kind}", model) for kind, model in PROVIDERS.items()),
    *((f"[connections.NAME], kind {kind}", model) for kind, model in CONNECTIONS.items()),
    ("[spark]", SparkSettings),
)

WRITTEN = {"share": Share, "span": Span}
"""What numbers are called that are written as texts."""
SPELLED = {"share": spell_share, "span": spell_duration}
FILES: tuple[tuple[str, str, type[BaseModel]], ...] = (
    (
        "schedules/NAME.yaml",
        "When a pipeline runs by itself, see [Schedules](schedules.md). Spans are written as `90s`, `15m`, "
        "`1h30m`, `2d`; days and moments as `2026-01-31` or `2026-01-31T08:00`.",
        Schedule,
    ),
    ("schedules/NAME.yaml, after", "Each entry of `after`.", Awaited),
    ("alerts/NAME.yaml", "Who is told how runs end, see [Alerts](alerts.md).", Alert),
    ("streams/NAME.yaml", "A pipeline that runs over what comes, see [Streams](streams.md).", Stream),
)


def settings_page() -> str:
    """The page that lists the params of every node kind and format."""
    lines = [
        "# Settings",
        "",
        "What the `params` of a step, the `settings` of a pipeline and the file `odibi.toml` may hold. This",
        "page is made from the models that check them.",
        "",
        "## Node kinds",
    ]
    shared = set(settings.StepSettings.model_fields)
    for title, text, model in KINDS:
        skip = set() if model is settings.StepSettings else shared
        lines += ["", f"### {title}", "", text, *_table(model, skip)]
    lines += [
        "",
        "## Formats",
        "",
        "An ingest takes what reading takes; store and publish, what writing takes. What each format can do",
        "is in [Formats](formats.md).",
    ]
    for name in format_names():
        format_ = format_named(name)
        endings = ", ".join(f"`{ending}`" for ending in format_.extensions)
        modes = ", ".join(mode.value for mode in WriteMode if mode in format_.abilities.modes)
        lines += ["", f"### {name}", "", f"Files that end in {endings}; modes: {modes}."]
        for does, options in (("Reading", format_.read_options), ("Writing", format_.write_options)):
            rows = _table(options, set())
            lines += ["", f"{does} takes:", *rows] if rows else ["", f"{does} takes no settings."]
    for name in server_names():
        format_ = format_named(name)
        if not format_.abilities.write:
            lines += ["", f"### {name}", "", "Reading takes:", *_table(format_.read_options, set())]
            continue
        modes = ", ".join(mode.value for mode in WriteMode if mode in format_.abilities.modes)
        lines += ["", f"### {name}", "", f"Tables of a named connection; modes: {modes}."]
        for does, options in (("Reading", format_.read_options), ("Writing", format_.write_options)):
            lines += ["", f"{does} takes:", *_table(options, set())]
    lines += [
        "",
        "## Expectations",
        "",
        "What may stand under `expectations` of a step, beside `check`, see [Quality](quality.md). Shares",
        "are written as `1%` or `0.01`, spans as `90s`, `15m`, `1h30m`, `2d`.",
    ]
    for kind, model in EXPECTATIONS.items():
        lines += ["", f"### check: {kind}", "", inspect.getdoc(model) or "", *_table(model, {"check"})]
    lines += ["", "## odibi.toml", "", "The file that makes a folder a workspace; it may be empty."]
    for title, model in WORKSPACE:
        lines += [
            "",
            f"### {title}",
            *_table(model, {"functions", "secrets", "connections", "http", "runs", "studio", "spark"}),
        ]
    lines += [
        "",
        "## settings of a pipeline",
        "",
        "Defaults for every run of it; the arguments of `Orchestrator` of the same names go first.",
        *_table(PipelineSettings, set()),
    ]
    for title, text, model in FILES:
        lines += ["", f"## {title}", "", text, *_table(model, set())]
    return "\n".join(lines) + "\n"


def _table(model: type[BaseModel], skip: set[str]) -> list[str]:
    fields = {name: field for name, field in model.model_fields.items() if name not in skip}
    if not fields:
        return []
    rows = [
        f"| {_names(name, field)} | {_type(field)} | {_default(field)} | {_note(field)} |"
        for name, field in fields.items()
    ]
    return ["", "| setting | is | default | |", "| --- | --- | --- | --- |", *rows]


def _names(name: str, field: FieldInfo) -> str:
    spelled = dict.fromkeys(filter(None, (field.alias, name)))
    return " or ".join(f"`{spelling}`" for spelling in spelled)


def _type(field: FieldInfo) -> str:
    return _written(field.metadata) or " or ".join(dict.fromkeys(_words(field.annotation)))


def _written(metadata: Iterable[Any]) -> str:
    """What a number is called that is written as a text; "" where it is not."""
    readers = [each for each in metadata if isinstance(each, BeforeValidator)]
    return next(
        (word for word, alias in WRITTEN.items() if any(one in readers for one in get_args(alias))), ""
    )


def _words(annotation: Any) -> Iterator[str]:
    origin, arguments = get_origin(annotation), get_args(annotation)
    names = {
        str: "text",
        int: "whole number",
        float: "number",
        bool: "true or false",
        dict: "mapping",
        dt.date: "date",
        dt.datetime: "moment",
    }
    if origin is Literal:
        yield from (f"`{_spelled(choice)}`" for choice in arguments)
    elif origin is Annotated:
        written = _written(arguments[1:])
        yield from (written,) if written else _words(arguments[0])
    elif origin in (Union, types.UnionType):
        for argument in arguments:
            if argument is not type(None):
                yield from _words(argument)
    elif origin in (tuple, list):
        yield "list"
    elif isinstance(annotation, type) and issubclass(annotation, enum.Enum):
        yield from (f"`{choice.value}`" for choice in annotation)
    else:
        yield names.get(origin or annotation, "anything")


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    if value is not None and (spell := SPELLED.get(_written(field.metadata))) is not None:
        return f"`{spell(value)}`"
    if isinstance(value, enum.Enum):
        value = value.value
    if isinstance(value, tuple) and any(isinstance(item, BaseModel) for item in value):
        return "see there"
    return "" if value is None or value in ("", (), {}) else f"`{_cell(_spelled(value))}`"


def _spelled(value: Any) -> str:
    """A value as YAML would spell it."""
    text = json.dumps(value, ensure_ascii=False)
    plain = isinstance(value, str) and json.dumps(value) == f'"{value}"' and value.strip(" ,.") == value
    return str(value) if plain else text


def _note(field: FieldInfo) -> str:
    return _cell(field.description or "")


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


COMMANDS_HEAD = """\
# Commands

This page is made from the command line itself; `odibi COMMAND --help` says the same.

PIPELINE is the name of a file in the folder `pipelines/` of the workspace, without its ending, or the path of
a YAML or Python file. A Python file is read, never run. RUN is the id of a run, the beginning of one, or
`latest`. Options of `odibi` itself stand before the command: `odibi -w shop run sales`.

The answer goes to standard output; errors, warnings and progress go to standard error. At a terminal a run
shows a bar; in CI (`CI` is set) and in a pipe it does not. `NO_COLOR` is honoured.

For completion in the shell, put `eval "$(_ODIBI_COMPLETE=bash_source odibi)"` into `~/.bashrc`; for zsh and
fish, write `zsh_source` or `fish_source`.
"""


def commands_page() -> str:
    """The page that lists every command, its options, and what exit codes say."""
    lines = [*COMMANDS_HEAD.splitlines(), "", "## odibi", *_command(odibi, "odibi")]
    lines += ["", "## Exit codes", "", "| code | |", "| --- | --- |"]
    lines += [f"| {code:d} | {meaning} |" for code, meaning in MEANINGS.items()]
    return "\n".join(lines) + "\n"


def _command(command: click.Command, path: str) -> Iterator[str]:
    context = click.Context(command, info_name=path)
    usage = " ".join([path, *command.collect_usage_pieces(context)])
    yield from ("", "```text", usage, "```", "", inspect.cleandoc(command.help or ""))
    rows = [
        f"| `{_cell(record[0])}` | {_cell(record[1])} |"
        for option in command.params
        if isinstance(option, click.Option) and (record := option.get_help_record(context)) is not None
    ]
    if rows:
        yield from ("", "| option | |", "| --- | --- |", *rows)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from ("", f"## {path} {name}")
            yield from _command(inner, f"{path} {name}")


def spark_page() -> str:
    """The page on Spark, with the table of the cases that a test runs on both engines."""
    told = runpy.run_path(str(FOLDER.parent / "tests" / "core" / "sql" / "dialect_cases.py"))
    rows = [
        f"| {case.what} | {_cell(case.duckdb)} | {_cell(case.spark)} | "
        f"{'warned of' if case.warning else 'translated'} |"
        for case in told["CASES"]
    ]
    before, _, rest = (FOLDER / "spark.md").read_text(encoding="utf-8").partition(_BEGINS)
    table = "\n".join(["| | in DuckDB | in Spark | here |", "| --- | --- | --- | --- |", *rows])
    text = f"{before}{_BEGINS}\n{table}\n{_ENDS}{rest.partition(_ENDS)[2]}"
    refused = [f"| {_cell(each.what)} | {_cell(each.instead)} |" for each in told["REFUSED"]]
    before, _, rest = text.partition(_REFUSED_BEGINS)
    table = "\n".join(["| Spark has no | write instead |", "| --- | --- |", *refused])
    return f"{before}{_REFUSED_BEGINS}\n{table}\n{_REFUSED_ENDS}{rest.partition(_REFUSED_ENDS)[2]}"


def pages() -> dict[str, str]:
    """File name → text of every page that is made."""
    return {"settings.md": settings_page(), "cli.md": commands_page(), "spark.md": spark_page()}


if __name__ == "__main__":
    for page, content in pages().items():
        (FOLDER / page).write_text(content, encoding="utf-8")
