"""A golden case, `golden/NAME.yaml`: rows that a step is given, and those that it has to give."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from pydantic import Field, model_validator

from odibi_core.design.settings_file import load_settings_file
from odibi_core.design.yaml_writer import write_flow, write_key, write_mapping
from odibi_core.errors import OdibiError, UnknownNameError
from odibi_core.formats.base import Options
from odibi_core.schema import Schema, quote
from odibi_core.text_file import write_text_file
from odibi_core.workspace import Workspace, file_name

if TYPE_CHECKING:
    import pyarrow as pa

FOLDER = "golden"
TOLERANCE = 1e-9
_SUFFIXES = (".yaml", ".yml")


class GoldenRows(Options):
    """Rows with their columns."""

    columns: dict[str, str] = Field(min_length=1, description="Name → type as DuckDB spells it.")
    rows: tuple[tuple[Any, ...], ...] = Field(
        (), description="The rows, each a list of values in the order of the columns; null is null."
    )

    @model_validator(mode="after")
    def _is_rectangular(self) -> Self:
        for number, row in enumerate(self.rows, 1):
            if len(row) != len(self.columns):
                raise ValueError(
                    f"row {number} has {len(row)} values, and there are {len(self.columns)} columns"
                )
        return self

    @property
    def row_schema(self) -> Schema:
        """The columns."""
        return Schema.of(self.columns)

    def arrow(self, where: str) -> pa.Table:
        """The rows as Arrow.

        Args:
            where: Names them, for errors.

        Raises:
            OdibiError: A type is unknown, or a value is not of its column's type.
        """
        from odibi_core import late_duckdb as duckdb

        names = [quote(name) for name in self.columns]
        casts = ", ".join(
            f"CAST({name} AS {type_}) AS {name}"
            for name, type_ in zip(names, self.columns.values(), strict=True)
        )
        with duckdb.connect(":memory:", config={"python_enable_replacements": "false"}) as database:
            database.execute("SET TimeZone = 'UTC'")
            database.execute(f"CREATE TABLE given ({', '.join(f'{name} VARCHAR' for name in names)})")
            if self.rows:
                texts = [[_text(value) for value in row] for row in self.rows]
                database.executemany(f"INSERT INTO given VALUES ({', '.join('?' * len(names))})", texts)
            try:
                return database.sql(f"SELECT {casts} FROM given").to_arrow_table()
            except duckdb.Error as error:
                what = f"a value is not of its column's type: {str(error).splitlines()[0]}"
                raise OdibiError(what, where=where, fix="mend the value, or the type") from error

    @classmethod
    def of(cls, table: pa.Table, schema: Schema) -> Self:
        """The rows of an Arrow table, in values that YAML can hold."""
        from odibi_core import late_duckdb as duckdb

        columns = ", ".join(
            quote(name) if _is_plain(type_) else f"CAST({quote(name)} AS VARCHAR)" for name, type_ in schema
        )
        with duckdb.connect(":memory:", config={"python_enable_replacements": "false"}) as database:
            database.execute("SET TimeZone = 'UTC'")
            database.register("given", table)
            rows = database.execute(f"SELECT {columns} FROM given").fetchall()
        return cls(columns=schema.as_dict(), rows=tuple(tuple(map(_plain, row)) for row in rows))


class GoldenCase(Options):
    """Rows that a step is given, and those that it has to give."""

    pipeline: str = Field(min_length=1, description="The pipeline's name.")
    step: str = Field(min_length=1, description="The step's name.")
    description: str = Field("", description="What the rows show.")
    engines: tuple[str, ...] = Field(
        (), description="The engines to run on; all that are installed if unset."
    )
    parameters: dict[str, Any] = Field(default_factory=dict, description="Values of the run's parameters.")
    tolerance: float = Field(
        TOLERANCE,
        ge=0,
        description="How far two floats may be apart, in parts of the larger one (of 1 where that is less).",
    )
    inputs: dict[str, GoldenRows] = Field(
        default_factory=dict, description="Name inside the step → what it is given there."
    )
    expected: GoldenRows = Field(description="What it has to give, in any order.")


def case_files(workspace: Workspace) -> dict[str, Path]:
    """Name → file, for every golden case of the workspace, by name."""
    folder = workspace.root / FOLDER
    found: Iterable[Path] = folder.iterdir() if folder.is_dir() else ()
    return {
        path.stem: path
        for path in sorted(found)
        if path.suffix in _SUFFIXES and not path.name.startswith(".") and path.is_file()
    }


def find_case(workspace: Workspace, name: str) -> GoldenCase:
    """The golden case of that name.

    Raises:
        UnknownNameError: There is none; the error says the near names.
        OdibiError: Its file is wrong.
    """
    files = case_files(workspace)
    if name not in files:
        raise UnknownNameError.of("the golden case", name, files, where=str(workspace.root / FOLDER))
    return load_settings_file(files[name], GoldenCase)


def write_case(workspace: Workspace, name: str, case: GoldenCase) -> Path:
    """The file of a golden case, written; one of that name is replaced."""
    name = file_name(name)
    path = case_files(workspace).get(name, workspace.root / FOLDER / f"{name}.yaml")
    path.parent.mkdir(exist_ok=True)
    return write_text_file(path, case_text(case))


def case_text(case: GoldenCase) -> str:
    """A golden case as YAML, a row a line."""
    head = case.model_dump(mode="json", exclude_defaults=True, exclude={"inputs", "expected"})
    lines = [write_mapping(head)]
    if case.inputs:
        lines.append("inputs:")
        for alias, given in case.inputs.items():
            lines += [f"  {write_key(alias)}:", *_table_lines(given, "    ")]
    return "\n".join([*lines, "expected:", *_table_lines(case.expected, "  "), ""])


def _table_lines(table: GoldenRows, pad: str) -> list[str]:
    rows = [f"{pad}  - {write_flow(list(row))}" for row in table.rows]
    return [f"{pad}columns: {write_flow(table.columns)}", f"{pad}rows:{'' if rows else ' []'}", *rows]


def _is_plain(type_: str) -> bool:
    return type_ in ("BOOLEAN", "VARCHAR", "FLOAT", "DOUBLE") or type_.endswith("INT") or type_ == "INTEGER"


def _plain(value: Any) -> Any:
    """The value as YAML has one; what is no finite number, as the text that is cast back to it."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


def _text(value: Any) -> str | None:
    match value:
        case None:
            return None
        case bool():
            return str(value).lower()
        case float():
            return repr(value)
        case dt.date() | dt.datetime() | Decimal():
            return str(value)
    return str(value)
