"""The documents keep their promises: links lead somewhere, and what is marked as runnable runs.

An example is marked by the word `run` behind the language of its fence. The examples of one document run in
order, in one fresh folder; a `cd` in a console example holds for the ones that follow.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest
import yaml
from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).parents[2]
TOP = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "sample_data/README.md")
DOCUMENTS = sorted([*(ROOT / name for name in TOP), *(ROOT / "docs").rglob("*.md")])


def name_of(document: Path) -> str:
    """The path of a document as a reader knows it."""
    return document.relative_to(ROOT).as_posix()


def tokens(document: Path) -> list[Token]:
    """The Markdown of a document, block by block."""
    return MarkdownIt("commonmark").enable("table").parse(document.read_text(encoding="utf-8"))


def anchors(document: Path) -> set[str]:
    """The anchors that its headings make, as code hosts spell them."""
    blocks = tokens(document)
    titles = [after.content for block, after in pairwise(blocks) if block.type == "heading_open"]
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def links(document: Path) -> list[str]:
    """Every link and image that a document names, except those to other sites."""
    found = [
        str(child.attrGet("href") or child.attrGet("src"))
        for block in tokens(document)
        for child in block.children or []
        if child.type in ("link_open", "image")
    ]
    return [link for link in found if not re.match(r"https?://|mailto:", link)]


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_every_link_leads_somewhere(document: Path) -> None:
    broken = []
    for link in links(document):
        path, _, anchor = link.partition("#")
        target = (document.parent / path).resolve() if path else document
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


def test_every_page_of_the_documentation_is_linked() -> None:
    linked = {
        (document.parent / link.partition("#")[0]).resolve()
        for document in DOCUMENTS
        for link in links(document)
    }
    assert [name_of(page) for page in DOCUMENTS if page not in linked and page != ROOT / "README.md"] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_every_yaml_example_can_be_read(document: Path) -> None:
    for block in tokens(document):
        if block.type == "fence" and block.info.split()[:1] == ["yaml"]:
            assert yaml.safe_load(block.content) is not None


@dataclass
class Reader:
    """Somebody who tries the examples of a document one after another."""

    folder: Path

    def run(self, program: list[str]) -> str:
        """What a program writes, in the folder where the reader stands."""
        bin_folder = Path(sys.executable).parent
        env = {**os.environ, "PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}", "COLUMNS": "200"}
        done = subprocess.run(program, cwd=self.folder, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{program} failed in {self.folder}:\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def follow(self, example: Token) -> None:
        """Do what one example says, and see what it shows."""
        language = example.info.split()[0]
        if language == "python":
            self.run([sys.executable, "-c", example.content])
        elif language == "yaml":
            self.write_pipeline(example.content)
        else:
            self.type_in(example.content)

    def write_pipeline(self, text: str) -> None:
        """Save a pipeline of the document under its own name."""
        (self.folder / "pipelines" / f"{yaml.safe_load(text)['name']}.yaml").write_text(text)

    def type_in(self, text: str) -> None:
        """Type each command of a console example; each line that it shows must be in the output."""
        for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
            command, *expected = part.rstrip().splitlines()
            if command.startswith("cd "):
                self.folder = self.folder / command.removeprefix("cd ")
                continue
            output = self.run(["bash", "-c", command])
            for line in filter(None, map(str.strip, expected)):
                pattern = ".*".join(re.escape(piece) for piece in line.split("…"))
                assert re.search(pattern, output), f"{line!r} is not in what {command!r} writes:\n{output}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_every_example_marked_as_runnable_runs(document: Path, tmp_path: Path) -> None:
    reader = Reader(tmp_path)
    for block in tokens(document):
        if block.type == "fence" and block.info.split()[1:2] == ["run"]:
            reader.follow(block)
