"""DuckDB's Python package loads when something needs it, and only then."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from odibi_core.late_duckdb import METHODS_OF_PACKAGE

PROLOGUE = """
import sys
from odibi_core import late_duckdb
from odibi_core.bound_columns import bound_schema
connection = late_duckdb.connect()
assert connection.execute("SELECT 1").fetchall() == [(1,)]
assert bound_schema(connection, "SELECT 1 AS one").names == ("one",)
assert "duckdb" not in sys.modules
"""


@pytest.mark.parametrize(
    ("what", "gives"),
    [
        ("connection.sql('SELECT 42').fetchall()", "[(42,)]"),
        ("connection.cursor().sql('SELECT 42 AS a').to_arrow_table().to_pylist()", "[{'a': 42}]"),
        ("connection.from_arrow(__import__('pyarrow').table({'a': [1]})).fetchall()", "[(1,)]"),
        ("connection.values([1, 2]).fetchall()", "[(1, 2)]"),
    ],
)
def test_relations_load_the_package(what: str, gives: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", f"{PROLOGUE}print({what}, 'duckdb' in sys.modules)"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == f"{gives} True", done.stderr


def test_it_stands_for_all_that_the_package_adds_to_a_connection() -> None:
    from duckdb._relation import CONNECTION_METHODS

    assert set(METHODS_OF_PACKAGE) == set(CONNECTION_METHODS)


def test_arrow_objects_can_be_registered() -> None:
    code = f"""{PROLOGUE}
import pyarrow
connection.register("given", pyarrow.table({{"a": [1, 2]}}))
print(connection.execute("FROM given").fetchall())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "[(1,), (2,)]", done.stderr


def test_all_of_the_core_takes_duckdb_from_there(request: pytest.FixtureRequest) -> None:
    """Whoever imports the package makes every run pay for it, unseen."""
    core = Path(request.config.rootpath) / "core" / "odibi_core"
    found = {
        f"{path.relative_to(core)}:{line}"
        for path in core.rglob("*.py")
        if path.name != "late_duckdb.py"
        for line in _runtime_imports(ast.parse(path.read_text(encoding="utf-8")))
    }
    assert found == set()


def _runtime_imports(node: ast.AST) -> list[int]:
    """The lines that import the package, but for those that only type checkers read."""
    if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
        return []
    if isinstance(node, ast.Import) and any(alias.name.split(".")[0] == "duckdb" for alias in node.names):
        return [node.lineno]
    if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "duckdb":
        return [node.lineno]
    return [line for child in ast.iter_child_nodes(node) for line in _runtime_imports(child)]
