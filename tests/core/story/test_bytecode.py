"""Templates are compiled once, and never from what is out of date."""

from __future__ import annotations

import sys
from importlib.util import cache_from_source
from pathlib import Path

import pytest
from jinja2 import DictLoader, Environment

from odibi_core.story import bytecode


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that bytecode goes to."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(sys, "pycache_prefix", str(tmp_path))
    return Path(cache_from_source(bytecode.__file__)).parent


def render(text: str, *, trim_blocks: bool = False) -> tuple[str, int]:
    """What the template gives, and how often it had to be compiled."""
    compiled = []

    class Watched(Environment):
        def _generate(self, *args: object, **keys: object) -> str:
            compiled.append(args)
            return super()._generate(*args, **keys)  # type: ignore[arg-type]

    environment = Watched(loader=DictLoader({"page": text}), autoescape=True, trim_blocks=trim_blocks)
    environment.bytecode_cache = bytecode.open_bytecode_cache(environment)
    return environment.get_template("page").render(), len(compiled)


def test_a_template_is_compiled_once() -> None:
    assert render("{{ 1 + 1 }}") == ("2", 1)
    assert render("{{ 1 + 1 }}") == ("2", 0)


def test_a_changed_template_is_compiled_again() -> None:
    render("old")
    assert render("new") == ("new", 1)


def test_another_syntax_compiles_again() -> None:
    text = "{% if true %}\nyes{% endif %}"
    assert render(text) == ("\nyes", 1)
    assert render(text, trim_blocks=True) == ("yes", 1)


def test_damaged_bytecode_is_compiled_again(folder: Path) -> None:
    render("text")
    for file in folder.iterdir():
        file.write_bytes(file.read_bytes()[:20])
    assert render("text") == ("text", 1)


def test_without_bytecode_nothing_is_written(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    assert render("text") == ("text", 1)
    assert not folder.exists()


def test_a_folder_that_can_not_be_written_does_no_harm(folder: Path) -> None:
    folder.parent.mkdir(parents=True)
    folder.write_text("a file in its place", encoding="utf-8")
    assert render("text") == ("text", 1)
