"""What was measured, as rows: a Markdown table to read, and JSON to compare."""

from __future__ import annotations

import datetime as dt
import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

_LIBRARIES = ("duckdb", "polars", "pandas", "pyarrow", "networkx", "pydantic")


@dataclass(frozen=True, slots=True)
class Table:
    """One table of measured figures.

    Attributes:
        title: Stands above it.
        note: What the figures mean.
        columns: Names of the columns.
        rows: What stands in them: text, or numbers.
    """

    title: str
    note: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str | float | None]]

    def as_markdown(self) -> str:
        """The table as Markdown."""
        lines = [f"### {self.title}", "", self.note, ""]
        lines.append("| " + " | ".join(self.columns) + " |")
        lines.append(
            "|" + "|".join(" --- " if number == 0 else " ---: " for number in range(len(self.columns))) + "|"
        )
        lines += ["| " + " | ".join(map(_shown, row)) + " |" for row in self.rows]
        return "\n".join(lines)

    def as_dict(self) -> dict[str, Any]:
        """The table as JSON can hold it."""
        rows = [dict(zip(self.columns, row, strict=True)) for row in self.rows]
        return {"title": self.title, "note": self.note, "rows": rows}


def surroundings() -> dict[str, str]:
    """The machine and the versions."""
    return {
        "date": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cores": str(os.cpu_count()),
        **{library: version(library) for library in _LIBRARIES},
    }


def write_json(folder: Path, name: str, tables: Sequence[Table], measured: Mapping[str, Any]) -> Path:
    """The path of the file that holds the tables, and every single figure behind them."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    content = {
        "surroundings": surroundings(),
        "tables": [table.as_dict() for table in tables],
        "measured": measured,
    }
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def _shown(value: str | float | None) -> str:
    if value is None:
        return "-"
    if isinstance(value, str):
        return value
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2f}" if abs(value) >= 0.1 else f"{value:.4f}"
