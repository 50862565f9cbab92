"""odibi.toml: the settings of a workspace, and what is wrong with them, by key and line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from odibi_core.errors import WorkspaceError, did_you_mean
from odibi_core.formats.base import LateOptions, Options
from odibi_core.model import Field, PlainValidator, mistakes_of

if TYPE_CHECKING:
    from odibi_core.connections import Connection
    from odibi_core.secret_providers.settings import SecretSettings
else:
    # Most runs reach files of this machine alone: their models are made where something is to be checked.
    Connection = SecretSettings = Any

SIZE_PATTERN = r"^\d+(\.\d+)?\s?([KMGT]i?B)$"
_HEADER = re.compile(r"\s*\[\[?(?P<path>[^\]]+)\]")
_KEY = re.compile(r"""\s*(?P<path>[A-Za-z0-9_\-."' ]+?)\s*=""")


class FunctionSettings(LateOptions):
    """[functions]: which Python functions a pipeline that is a file may name."""

    allow: tuple[str, ...] = Field(
        ("transforms",), description="Packages and modules that a function's dotted path may lead into."
    )


class HttpSettings(LateOptions):
    """[http]: where steps that name a URL may send requests."""

    allow_private: bool = Field(
        False,
        description="Whether they may go to this machine and into private networks; connections say it "
        "for themselves.",
    )
    max_file_bytes: int = Field(
        10_000_000_000, ge=1, description="A file behind a URL that is larger is not fetched."
    )


class RunSettings(LateOptions):
    """[runs]: how many runs go on."""

    at_once: int = Field(
        2,
        ge=1,
        le=64,
        description="How many runs go on at the same time; more that the Studio or a schedule asks for wait.",
    )


class StudioSettings(LateOptions):
    """[studio]: what the Studio may do."""

    preview_functions: bool = Field(
        False,
        description="Whether a preview calls Python functions; they run with all rights of the Studio.",
    )
    trash_days: int = Field(
        30, ge=0, description="How long deleted pipelines stay in the trash; 0: until a person empties it."
    )


class SparkSettings(LateOptions):
    """[spark]: where the engine `spark` runs, and how it is set."""

    master: str = Field(
        "",
        description=(
            "Such as local[4] or spark://host:7077; where it is empty, a session that is active already, or "
            "this machine."
        ),
    )
    remote: str = Field("", description="A Spark Connect server, such as sc://host:15002.")
    reads: Literal["auto", "spark", "duckdb"] = Field(
        "auto",
        description=(
            "Who reads csv, json, orc and avro files and PostgreSQL tables: spark, on all its machines, "
            "where that surely gives the same rows; duckdb, on this one; auto: spark on a cluster."
        ),
    )
    writes: Literal["auto", "spark", "duckdb"] = Field(
        "auto",
        description=(
            "Who writes Parquet files and Delta tables: spark, on all its machines, which must share the "
            "workspace's file system; duckdb, on this one; auto: spark where it runs on a cluster, and both, "
            "into one file, on one machine."
        ),
    )
    config: dict[str, str] = Field(
        default_factory=dict, description="Spark's own settings, such as spark.executor.memory."
    )

    def with_config(self, config: Mapping[str, str]) -> SparkSettings:
        """The settings with some of Spark's own over them; `spark.master` and `spark.remote` say where."""
        own = {**self.config, **config}
        master, remote = own.pop("spark.master", ""), own.pop("spark.remote", "")
        # A place that is given takes the place of both kinds: the other one may be in odibi.toml.
        where = {"master": master, "remote": remote} if master or remote else {}
        return self.model_copy(update={**where, "config": own})


def _connections(given: Any) -> dict[str, Any]:
    from pydantic import TypeAdapter

    from odibi_core import connections

    return TypeAdapter(dict[str, connections.Connection]).validate_python(given)


def _secrets(given: Any) -> Any:
    from odibi_core.secret_providers import settings

    return settings.SecretSettings.model_validate(given)


class WorkspaceSettings(LateOptions):
    """What odibi.toml may hold."""

    name: str = Field("", description="What people call the workspace.")
    engine: str = Field("pandas", description="The engine of pipelines that name none.")
    memory_limit: str | None = Field(
        None,
        pattern=SIZE_PATTERN,
        description="How much memory a run may take, such as 4GB.",
    )
    threads: int | None = Field(None, ge=1, description="How many threads an engine may use.")
    functions: FunctionSettings = Field(default_factory=FunctionSettings)
    connections: Annotated[dict[str, Connection], PlainValidator(_connections)] = Field(
        default_factory=dict, description="Name → where something is."
    )
    secrets: Annotated[SecretSettings | None, PlainValidator(_secrets)] = Field(
        None, description="Where ${secret:NAME} is looked for."
    )
    http: HttpSettings = Field(default_factory=HttpSettings)
    runs: RunSettings = Field(default_factory=RunSettings)
    studio: StudioSettings = Field(default_factory=StudioSettings)
    spark: SparkSettings = Field(default_factory=SparkSettings)


def load_settings(path: Path) -> WorkspaceSettings:
    """What an odibi.toml says.

    Raises:
        WorkspaceError: It can't be read, or something in it is wrong; the error names every key and line.
    """
    return check_settings(read_settings_text(path), path)


def read_settings_text(path: Path) -> str:
    """The text of an odibi.toml.

    Raises:
        WorkspaceError: It can't be read.
    """
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise WorkspaceError(f"the file can't be read: {error.strerror}", where=str(path)) from error
    except UnicodeDecodeError as error:
        raise WorkspaceError("the file is not UTF-8 text", where=str(path), fix="save it as UTF-8") from error


def check_settings(text: str, path: Path) -> WorkspaceSettings:
    """What the text of an odibi.toml says.

    Args:
        text: The text.
        path: Where it stands, or shall.

    Raises:
        WorkspaceError: Something in it is wrong; the error names every key and line.
    """
    import tomllib

    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise WorkspaceError(f"the file is not valid TOML: {error}", where=str(path)) from error
    try:
        return WorkspaceSettings.model_validate(content)
    except ValueError as error:
        mistakes = [_mistake(item, content, path, text) for item in mistakes_of(error)]
    if len(mistakes) == 1:
        raise mistakes[0]
    lines = [
        f"{mistake.where.removeprefix(f'{path}, ')}: {mistake.what}"
        + (f"; {mistake.fix}" if mistake.fix else "")
        for mistake in mistakes
    ]
    raise WorkspaceError("\n  - ".join([f"the file has {len(mistakes)} mistakes", *lines]), where=str(path))


def _mistake(item: Mapping[str, Any], content: Mapping[str, Any], path: Path, text: str) -> WorkspaceError:
    place = _place(item["loc"])
    key = ".".join(place)
    line = _line_of(place, text)
    where = f"{path}, line {line}" if line else str(path)
    match item["type"]:
        case "extra_forbidden":
            hint = did_you_mean(place[-1], _known_keys(place, content))
            return WorkspaceError(f"there is no setting {key!r}", where=where, fix=hint)
        case "missing":
            return WorkspaceError(f"{key!r} is missing", where=where, fix=f"add {place[-1]} = …")
        case "union_tag_not_found":
            return WorkspaceError(
                f"{key!r} has no kind", where=where, fix=f"add kind = one of {', '.join(_kinds(place))}"
            )
        case "union_tag_invalid":
            kind = str(item["ctx"]["tag"])
            return WorkspaceError(
                f"{key!r} is of the unknown kind {kind!r}", where=where, fix=did_you_mean(kind, _kinds(place))
            )
    message = str(item["msg"]).removeprefix("Value error, ")
    if item["type"] == "string_pattern_mismatch":
        message = "give a size such as 512MB or 4GB"
    return WorkspaceError(f"{key!r} is wrong: {message[:1].lower()}{message[1:]}", where=where)


def _place(location: Sequence[Any]) -> list[str]:
    """Where in the file a mistake is: pydantic's location without the kind that it puts in for a union."""
    place = [str(part) for part in location]
    if place[0] == "connections" and len(place) > 2 and place[2] in _kinds(place):
        del place[2]
    if place[:2] == ["secrets", "providers"] and len(place) > 3 and place[3] in _kinds(place):
        del place[3]
    return place


def _kinds(place: Sequence[str]) -> Mapping[str, type[Options]]:
    if place[0] == "secrets":
        from odibi_core.secret_providers.settings import PROVIDERS

        return PROVIDERS
    from odibi_core.connections import CONNECTIONS

    return CONNECTIONS


def _known_keys(place: Sequence[str], content: Mapping[str, Any]) -> Iterator[str]:
    match place:
        case ["connections", name, _]:
            fields = _kinds(place)[content["connections"][name]["kind"]].model_fields
            yield from (field.alias or name for name, field in fields.items())
        case ["secrets", "providers", number, _]:
            kind = content["secrets"]["providers"][int(number)]["kind"]
            yield from _kinds(place)[kind].model_fields
        case ["secrets", _]:
            from odibi_core.secret_providers.settings import SecretSettings

            yield from SecretSettings.model_fields
        case ["functions", _]:
            yield from FunctionSettings.model_fields
        case ["runs", _]:
            yield from RunSettings.model_fields
        case ["studio", _]:
            yield from StudioSettings.model_fields
        case ["spark", _]:
            yield from SparkSettings.model_fields
        case _:
            yield from WorkspaceSettings.model_fields


def _line_of(place: Sequence[str], text: str) -> int | None:
    """The line of a key, from 1; of the table around it where the key itself is not there."""
    table: list[str] = []
    best, line_of_best = 0, None
    for number, line in enumerate(text.splitlines(), start=1):
        header, key = _HEADER.match(line), _KEY.match(line)
        if header:
            found = table = _parts(header["path"])
        elif key:
            found = [*table, *_parts(key["path"])]
        else:
            continue
        if len(found) > best and list(place[: len(found)]) == found:
            best, line_of_best = len(found), number
    return line_of_best


def _parts(dotted: str) -> list[str]:
    return [part.strip().strip("\"'") for part in dotted.split(".")]
