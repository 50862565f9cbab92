"""What a step costs beside its own work: many trivial steps over ten rows, everything that watches on."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.measure import cpu_s

if TYPE_CHECKING:
    from odibi_core.step import Step

ROWS = 10
FIRST = f"SELECT range AS id, range * 2 AS amount FROM range({ROWS})"

Figures = dict[str, float]


def _sql(number: int, source: str) -> str:
    """The query of a step: no two are the same text."""
    return f"SELECT id, amount + {number} AS amount FROM {source}"


def measured(run: Callable[[], object]) -> Figures:
    """CPU and wall seconds of a call: what the imports at the top of a case took is not in it."""
    cpu, wall = cpu_s(), time.perf_counter()
    run()
    return {"run_cpu_s": cpu_s() - cpu, "run_wall_s": time.perf_counter() - wall}


def add_nothing(rows: Any) -> Any:
    """The rows as they are: the function of every Python step."""
    return rows


def first_frame() -> Any:
    """The rows that Python steps begin with."""
    import pandas as pd

    return pd.DataFrame({"id": range(ROWS), "amount": range(0, 2 * ROWS, 2)})


def _source(shape: str, number: int) -> int:
    """The step whose rows a step takes: the one before it in a chain, the first in a fan-out."""
    return number - 1 if shape == "chain" else 0


def _odibi(folder: Path, steps: list[Step], tracking: str) -> Figures:
    from odibi_core.event_bus import EventBus
    from odibi_core.orchestrator import Orchestrator

    def run() -> None:
        result = Orchestrator(
            steps, "pandas", tracking=tracking, event_bus=EventBus(), workspace=folder
        ).execute()
        if not result.success or result.nodes_executed != len(steps):
            raise SystemExit(f"the run failed: {result.errors}")

    return measured(run)


def sql_steps(folder: Path, steps: int, shape: str, tracking: str) -> Figures:
    """SQL steps of ours, with tracking, events and journal."""
    from odibi_core.step import Step

    made = [Step("bronze", "step_0", "sql", "", FIRST, outputs={"data": "rows_0"})]
    for number in range(1, steps):
        inputs = {"rows": f"rows_{_source(shape, number)}"}
        made.append(
            Step(
                "silver",
                f"step_{number}",
                "sql",
                "",
                _sql(number, "rows"),
                {},
                inputs,
                {"data": f"rows_{number}"},
            )
        )
    return _odibi(folder, made, tracking)


def python_steps(folder: Path, steps: int, shape: str, tracking: str) -> Figures:
    """Python steps of ours, with tracking, events and journal."""
    from odibi_core.step import Step

    # What pandas takes to be loaded, and to make its first frame, is the functions' own and every peer's.
    first_frame()
    made = [Step("bronze", "step_0", "function", "", first_frame, outputs={"data": "rows_0"})]
    for number in range(1, steps):
        inputs = {"rows": f"rows_{_source(shape, number)}"}
        made.append(
            Step(
                "silver",
                f"step_{number}",
                "function",
                "",
                add_nothing,
                {},
                inputs,
                {"data": f"rows_{number}"},
            )
        )
    return _odibi(folder, made, tracking)


def bare_duckdb(folder: Path, steps: int, shape: str) -> Figures:
    """The same statements as tables on one thread of DuckDB, with nothing around them."""
    import duckdb

    def run() -> None:
        database = duckdb.connect(config={"threads": "1", "temp_directory": str(folder)})
        database.execute(f"CREATE TABLE rows_0 AS {FIRST}")
        for number in range(1, steps):
            query = _sql(number, f"rows_{_source(shape, number)}")
            database.execute(f"CREATE TABLE rows_{number} AS {query}")

    return measured(run)


def bare_loop(_folder: Path, steps: int, shape: str) -> Figures:
    """The same functions in a loop."""
    made = {0: first_frame()}

    def run() -> None:
        for number in range(1, steps):
            made[number] = add_nothing(made[_source(shape, number)])

    return measured(run)


CASES: dict[str, Callable[..., Figures]] = {
    "sql steps": sql_steps,
    "python steps": python_steps,
    "bare DuckDB": bare_duckdb,
    "bare loop": bare_loop,
}
