"""What went wrong in a user's code, in a sentence with file and line."""

from __future__ import annotations

import inspect
import sysconfig
import traceback
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from odibi_core.errors import FunctionError, OdibiError, TransientError, did_you_mean

_NOT_THE_USERS = tuple(
    {
        *(sysconfig.get_path(kind) for kind in ("stdlib", "platstdlib", "purelib", "platlib")),
        str(Path(__file__).resolve().parent.parent),
        "<",
    }
)

# What states a fact about a path, or is a mistake in the code, will be the same on another try.
_LASTING = (
    *(FileNotFoundError, FileExistsError, PermissionError, IsADirectoryError, NotADirectoryError),
    *(TypeError, ValueError, LookupError, NameError, AttributeError, ArithmeticError, AssertionError),
    *(ImportError, SyntaxError, NotImplementedError, RecursionError, MemoryError),
)
_LASTING_LIBRARIES = frozenset({"duckdb", "_duckdb", "pandas", "polars", "pyarrow"})


def explain_fault(error: BaseException, function: str, *, columns: Iterable[str] = ()) -> OdibiError:
    """The error of a step whose function raised `error`; a TransientError where another try may pass.

    The frames of the traceback give up their locals: rows and secrets never outlive the call in them.

    Args:
        error: What the function raised.
        function: Its name.
        columns: The columns of its inputs, for near names where a column is missing.
    """
    where = place_of(error)
    _clear_locals(error)
    if isinstance(error, OdibiError):
        error.where = error.where or where
        return error
    if isinstance(error, SystemExit):
        return FunctionError(
            f"the function {function!r} called sys.exit", where=where, fix="raise an exception instead"
        )
    what = f"the function {function!r} raised {describe(error)}"
    if _may_pass(error):
        return TransientError(what, where=where)
    fix = ""
    if isinstance(error, KeyError) and error.args and isinstance(error.args[0], str):
        key, known = error.args[0], list(columns)
        fix = did_you_mean(key, known) if key not in known else ""
    return FunctionError(what, where=where, fix=fix)


def _may_pass(error: BaseException) -> bool:
    """Whether another try may go well: so it is with what the system, a service or nobody known raised."""
    if isinstance(error, OSError):
        return not isinstance(error, _LASTING)
    library = type(error).__module__.partition(".")[0]
    return not isinstance(error, _LASTING) and library not in _LASTING_LIBRARIES


def describe(error: BaseException) -> str:
    """The type and message of an exception, on one line where it has one."""
    message = error.msg if isinstance(error, SyntaxError) else str(error)
    return (
        f"{type(error).__name__}: {message}"
        if message.strip()
        else f"{type(error).__name__}, without a message"
    )


def place_of(subject: Any) -> str:
    """Where a function is defined, or where an exception was raised in the user's own code: "file:line".

    The line of an exception is that of the last frame which is neither Python's, an installed package's,
    nor ours; where there is none, of the last frame of all. "" where nothing is known.
    """
    if isinstance(subject, SyntaxError) and subject.filename:
        return f"{subject.filename}:{subject.lineno}"
    if isinstance(subject, BaseException):
        return _raising_line(subject)
    code = getattr(inspect.unwrap(subject), "__code__", None)
    return f"{code.co_filename}:{code.co_firstlineno}" if code else ""


def _raising_line(error: BaseException) -> str:
    frames = [(frame.f_code.co_filename, line) for frame, line in traceback.walk_tb(error.__traceback__)]
    users = [place for place in frames if not place[0].startswith(_NOT_THE_USERS)]
    ours = str(Path(__file__).resolve().parent.parent)
    others = [place for place in frames if not place[0].startswith((ours, "<frozen"))]
    for filename, line in reversed(users or others):
        return f"{filename}:{line}"
    return ""


def _clear_locals(error: BaseException | None) -> None:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        traceback.clear_frames(error.__traceback__)
        error = error.__cause__ or error.__context__
