"""What the commands write: text for people, JSON for programs; colours only where a person looks."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from odibi_core.errors import OdibiError

if TYPE_CHECKING:
    from odibi_core.secret_store import Redactor

Part = str | tuple[str, str]
"""A text, or a text and its colour."""

# What could move the cursor, hide text or turn it around: names and data may hold anything.
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_GAP = 2
_WIDEST_CELL = 40


class Terminal:
    """Writes to standard output and standard error.

    Attributes:
        gives_json: Whether standard output belongs to one JSON document, and text goes to standard error.
        redactor: Hides the secrets of the run that the command makes.
    """

    def __init__(self) -> None:
        self.gives_json = False
        self.redactor: Redactor | None = None
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(errors="backslashreplace")

    def line(self, *parts: Part) -> None:
        """Write a line of the answer."""
        self._write(self._joined(parts, sys.stdout) + "\n", sys.stderr if self.gives_json else sys.stdout)

    def note(self, *parts: Part) -> None:
        """Write a line beside the answer: to standard error."""
        self._write(self._joined(parts, sys.stderr) + "\n", sys.stderr)

    def raw(self, text: str) -> None:
        """Write a document, such as a pipeline, unchanged."""
        self._write(text, sys.stdout)

    def document(self, content: Any) -> None:
        """Write the one JSON document of a command."""
        from odibi_core.json_text import JsonEncoder

        plain = json.loads(JsonEncoder(self.redactor).encode(content))
        self._write(json.dumps(plain, indent=2, ensure_ascii=_is_ascii(sys.stdout)) + "\n", sys.stdout)

    def error(self, error: OdibiError) -> None:
        """Say what is wrong, where, and how to mend it."""
        self.note(("error: ", "red"), str(error))

    def table(
        self, header: Sequence[str], rows: Iterable[Sequence[str]], *, indent: int = 0, fits: bool = False
    ) -> int:
        """Write columns of text; how many were left out.

        Args:
            header: The heads of the columns; no line is written for them where all are empty.
            rows: A text for each column.
            indent: Spaces before each line.
            fits: Cut long cells, and leave out columns that the width of the terminal has no room for; only
                a terminal has a width.
        """
        from rich.cells import cell_len, set_cell_size

        cells = [[self.clean_name(cell) for cell in row] for row in rows]
        is_cut = fits and is_terminal(sys.stdout)
        widest = _WIDEST_CELL if is_cut else sys.maxsize
        widths = [min(max(map(cell_len, column)), widest) for column in zip(header, *cells, strict=True)]
        shown = _fitting(widths, indent) if is_cut else len(widths)
        for number, row in enumerate([list(header), *cells]):
            if number == 0 and not any(header):
                continue
            texts = []
            for text, width in zip(row[:shown], widths[:shown], strict=True):
                cut = text if cell_len(text) <= width else set_cell_size(text, width - 1).rstrip() + "…"
                texts.append(set_cell_size(cut, width))
            line = " " * indent + (" " * _GAP).join(texts).rstrip()
            self.line((line, "bright_black") if number == 0 else line)
        return len(widths) - shown

    def path(self, path: str | Path) -> str:
        """A path as short as it can be said from the current folder; "" stays empty."""
        if not str(path):
            return ""
        with contextlib.suppress(ValueError, OSError):
            return str(Path(path).relative_to(Path.cwd()))
        return str(path)

    def clean_name(self, name: str) -> str:
        """A name as it can stand in a line: without secrets, line breaks and whatever moves the cursor."""
        return self._clean(_on_one_line(name))

    def _joined(self, parts: Iterable[Part], stream: TextIO) -> str:
        colored = has_color(sys.stderr if self.gives_json else stream)
        texts = []
        for part in parts:
            text, color = (part, "") if isinstance(part, str) else part
            text = self._clean(text)
            texts.append(click.style(text, fg=color) if colored and color and text else text)
        return "".join(texts)

    def _clean(self, text: str) -> str:
        hidden = self.redactor.text(text) if self.redactor is not None else text
        return _UNSEEN.sub(lambda found: ascii(found.group())[1:-1], hidden)

    def _write(self, text: str, stream: TextIO | None) -> None:
        if stream is None:
            return
        try:
            stream.write(text)
            stream.flush()
        except BrokenPipeError:
            _discard(stream)
        except OSError as error:
            _discard(stream)
            raise OdibiError(
                f"the answer can't be written: {(error.strerror or str(error)).lower()}",
                fix="see where standard output leads",
            ) from error


def is_terminal(stream: TextIO | None) -> bool:
    """Whether a person reads the stream."""
    return stream is not None and stream.isatty()


def has_color(stream: TextIO | None) -> bool:
    """Whether the stream may be coloured: a terminal that can, of a person who did not say NO_COLOR."""
    return is_terminal(stream) and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _fitting(widths: Sequence[int], indent: int) -> int:
    """How many columns of these widths fit into the terminal; at least one."""
    left = shutil.get_terminal_size().columns - indent
    for position, width in enumerate(widths):
        left -= width + (_GAP if position else 0)
        if left < 0:
            return max(position, 1)
    return len(widths)


def _discard(stream: TextIO) -> None:
    """Let what is still written to the stream go nowhere: nobody reads it any more."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def _is_ascii(stream: TextIO) -> bool:
    return not (stream.encoding or "").lower().replace("-", "").startswith("utf")


def _on_one_line(text: str) -> str:
    return text.replace("\n", "\\n").replace("\t", "\\t")
