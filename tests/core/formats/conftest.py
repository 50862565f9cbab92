"""An empty folder with a database, for formats to read and write."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from tests.core.formats.bench import Bench, connect


@pytest.fixture
def cursor(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    connection = connect(tmp_path / "spill")
    yield connection
    connection.close()


@pytest.fixture
def bench(tmp_path: Path, cursor: duckdb.DuckDBPyConnection) -> Bench:
    folder = tmp_path / "data"
    folder.mkdir()
    return Bench(folder, cursor)
