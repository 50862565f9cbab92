"""The 22 questions of TPC-H, as pipelines, give on both engines what DuckDB gives by itself."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pytest
from tests.tpch.questions import QUESTIONS, TABLES

from odibi_core.orchestrator import Orchestrator
from odibi_core.parity.comparing import compare_rows
from odibi_core.schema import Schema
from odibi_core.testing import ingest_step, sql_step
from odibi_core.workspace import Workspace

if TYPE_CHECKING:
    import pyarrow as pa

    from odibi_core.step import Step

pytestmark = [pytest.mark.xdist_group("spark"), pytest.mark.usefixtures("spark")]

SCALE = 0.1
_WORD = re.compile(r"\w+")


@pytest.fixture(scope="module")
def tpch(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A workspace with the benchmark's tables as Parquet."""
    folder = tmp_path_factory.mktemp("tpch")
    (folder / "odibi.toml").touch()
    generator = str(Path(sys.executable).with_name("tpchgen-cli"))
    command = [generator, "parquet", "-s", str(SCALE), "--output-dir", str(folder)]
    subprocess.run(command, check=True, capture_output=True)
    return Workspace.find(folder)


def texts(number: int) -> dict[str, str]:
    """Step → SQL."""
    # The benchmark scales this share, so that the answer stays as long.
    return {name: sql.replace("{share}", f"{0.0001 / SCALE:.10f}") for name, sql in QUESTIONS[number].items()}


def steps_of(number: int) -> list[Step]:
    """What reads the tables that the question needs, and what answers it."""
    steps = texts(number)
    words = {word for sql in steps.values() for word in _WORD.findall(sql)}
    made = [ingest_step(table, f"{table}.parquet") for table in TABLES if table in words]
    for name, sql in steps.items():
        known = [*TABLES, *(other for other in steps if other != name)]
        made.append(sql_step(name, sql, *(key for key in known if key in _WORD.findall(sql))))
    return made


def by_duckdb(number: int, folder: Path) -> tuple[pa.Table, Schema]:
    """The answer without a pipeline."""
    *before, (_, answer) = texts(number).items()
    names = ", ".join(f"{name} AS ({sql})" for name, sql in before)
    with duckdb.connect() as database:
        for table in TABLES:
            database.execute(f"CREATE VIEW {table} AS FROM '{folder / table}.parquet'")
        relation = database.sql(f"{f'WITH {names}' if names else ''} {answer}")
        schema = Schema.of(zip(relation.columns, map(str, relation.types), strict=True))
        return relation.to_arrow_table(), schema


@pytest.mark.parametrize("number", QUESTIONS)
def test_a_question_is_answered_alike(tpch: Workspace, number: int) -> None:
    expected, schema = by_duckdb(number, tpch.root)
    for engine in ("pandas", "spark"):
        result = Orchestrator(steps_of(number), engine, workspace=tpch).execute()
        assert result.success, result.errors
        dataset = result.data_map.dataset("answer")
        found = compare_rows(expected, dataset.arrow(), (schema, dataset.schema), tolerance=1e-9, examples=3)
        assert (found.counts, found.pairs) == ((0, 0), ()), (engine, found)
        assert dataset.schema.names == schema.names
        assert expected.num_rows == dataset.row_count() > 0
        assert not result.warnings
        result.close()
