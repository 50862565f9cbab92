"""The text of a design file, and the places in it that errors name."""

from __future__ import annotations

from pathlib import Path

from odibi_core.errors import DesignError
from odibi_core.late_dataclass import dataclass

# A step takes some 200 bytes, so this holds pipelines of 10,000 steps with room to spare, and reading a file
# of this size still takes seconds and not minutes.
MAX_SIZE_BYTES = 8 * 2**20


@dataclass(frozen=True, slots=True)
class Source:
    """A text, and the file that it came from.

    Attributes:
        text: The text without a byte order mark, line endings as they are in the file.
        file: The file's name for messages; "" where the text came from elsewhere.
    """

    text: str
    file: str = ""

    def place(self, line: int, column: int) -> str:
        """A place for a message: "sales.yaml:12:5", or "line 12, column 5"; both count from 1."""
        return f"{self.file}:{line}:{column}" if self.file else f"line {line}, column {column}"

    def place_at(self, index: int) -> str:
        """The place of the character at `index`."""
        before = self.text[:index]
        return self.place(before.count("\n") + 1, index - (before.rfind("\n") + 1) + 1)


def read_source(given: str | Path) -> Source:
    """The text itself, or the text of the file at a path.

    Args:
        given: A `str` is the text; a `Path` is a file, in UTF-8.

    Raises:
        DesignError: There is no such file, it can't be read, is too large, or is not UTF-8.
    """
    if isinstance(given, str):
        if len(given) > MAX_SIZE_BYTES:
            raise _too_large("the text")
        return Source(given.removeprefix("\ufeff"))
    file = str(given)
    try:
        with given.open("rb") as stream:
            data = stream.read(MAX_SIZE_BYTES + 1)
    except FileNotFoundError:
        raise DesignError("there is no such file", where=file, fix="check the path") from None
    except IsADirectoryError:
        raise DesignError("this is a folder, not a file", where=file, fix="name a file inside it") from None
    except OSError as error:
        reason = (error.strerror or "unknown reason").lower()
        raise DesignError(f"the file can't be read: {reason}", where=file) from error
    except ValueError:
        raise DesignError("the path holds a NUL character", where=repr(file), fix="check the path") from None
    if len(data) > MAX_SIZE_BYTES:
        raise _too_large(file)
    try:
        return Source(data.decode("utf-8-sig"), file)
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise DesignError(
            f"the file is not UTF-8: byte {error.start + 1} can't be read",
            where=f"{file}:{line}",
            fix="save it with the encoding UTF-8",
        ) from error


def _too_large(where: str) -> DesignError:
    return DesignError(
        f"a design holds at most {MAX_SIZE_BYTES // 2**20} MB",
        where=where,
        fix="split the pipeline, or keep the data in a file of its own",
    )
