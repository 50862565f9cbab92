"""What the project imports, it declares: a fresh environment has it."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from importlib.metadata import distributions, packages_distributions, requires
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OURS = {"odibi_core", "odibi_studio", "odibi_functions"}


def imported(folder: Path) -> Iterator[tuple[str, Path]]:
    """The top level packages that the modules below `folder` import, and where."""
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names: list[str] = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                names = [node.module]
            for name in names:
                yield name.partition(".")[0], path


def compiled_modules() -> dict[str, list[str]]:
    """Module → distributions, of compiled modules outside packages: `packages_distributions` has none."""
    return {
        file.name.partition(".")[0]: [distribution.name]
        for distribution in distributions()
        for file in distribution.files or ()
        if len(file.parts) == 1 and file.suffix in (".so", ".pyd")
    }


@pytest.mark.parametrize("folder", ["core/odibi_core", "studio/odibi_studio", "pages"])
def test_every_package_that_is_imported_is_declared(folder: str) -> None:
    lines = requires("odibi-studio") or []
    declared = {_plain(re.split(r"[^\w.-]", line, maxsplit=1)[0]) for line in lines}
    owners = {**compiled_modules(), **packages_distributions()}
    missing = {
        f"{name} ({path.relative_to(ROOT)})"
        for name, path in imported(ROOT / folder)
        if name not in sys.stdlib_module_names
        and name not in OURS
        and not declared & {_plain(owner) for owner in owners.get(name, [name])}
    }
    assert missing == set()


def _plain(name: str) -> str:
    """The name of a distribution as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()
