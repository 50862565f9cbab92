"""What a function may return: one frame, or a dict of frames by output name."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from odibi_core.dataset import frame_to_arrow
from odibi_core.errors import FunctionError, did_you_mean
from odibi_core.functions.faults import explain_fault
from odibi_core.plain_frame import text_names

if TYPE_CHECKING:
    import pyarrow as pa

_FRAMES = {
    "pandas": ("DataFrame",),
    "polars": ("DataFrame", "LazyFrame"),
    "pyarrow": ("Table", "RecordBatch", "RecordBatchReader"),
}


def take_result(returned: Any, outputs: Collection[str], function: str) -> dict[str, Any]:
    """The frames that a function returned, by output name, each known to be one that can go on.

    Args:
        returned: What the function returned.
        outputs: The names that the step declares.
        function: The function's name, for errors.

    Raises:
        FunctionError: It is not the declared frames, or a frame has column names that can't be kept.
    """
    pandas = sys.modules.get("pandas")
    if pandas is not None and type(returned) is pandas.DataFrame and len(outputs) == 1:
        (output,) = outputs
        _check_columns(returned, output, function)
        return {output: returned}
    if isinstance(returned, Mapping):
        _check_names(returned, outputs, function)
        frames = {output: returned[output] for output in outputs}
    elif len(outputs) == 1 or not _is_frame(returned):
        frames = dict.fromkeys(outputs, returned)
    else:
        raise FunctionError(
            f"the function {function!r} returned one frame, and the step has the outputs {_listed(outputs)}",
            fix="return a dict with a frame for each of them",
        )
    return {output: _checked(frame, output, function) for output, frame in frames.items()}


def result_to_arrow(frame: Any, output: str, function: str) -> pa.Table:
    """A frame that a function returned, as an Arrow table; a lazy one is computed now.

    Raises:
        FunctionError: A column mixes types that Arrow can't hold in one, or computing the frame failed.
        TransientError: Computing it failed in a way that may pass.
    """
    import pyarrow as pa

    try:
        return frame_to_arrow(frame)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
        # pyarrow names the column in a second argument.
        detail = "; ".join(str(argument) for argument in error.args)
        raise FunctionError(
            f"the output {output!r} of the function {function!r} has a column of no single type: {detail}",
            fix="give the column one type, such as df['column'].astype('string')",
        ) from error
    except Exception as error:  # computing a lazy frame or a reader runs the user's code
        fault = explain_fault(error, function)
        if fault is error:
            raise
        raise fault from error


def _is_frame(value: Any) -> bool:
    return any(
        isinstance(value, getattr(sys.modules[library], name, ()))
        for library, names in _FRAMES.items()
        if library in sys.modules
        for name in names
    )


def _check_names(returned: Mapping[Any, Any], outputs: Collection[str], function: str) -> None:
    surplus = [key for key in returned if key not in outputs]
    missing = [output for output in outputs if output not in returned]
    if not surplus and not missing:
        return
    parts = [f"without the outputs {_listed(missing)}"] if missing else []
    parts += [f"with {_listed(surplus)}, which the step doesn't declare"] if surplus else []
    hint = did_you_mean(str(surplus[0]), missing or outputs) if surplus else ""
    if surplus and not any(_is_frame(value) for value in returned.values()):
        hint = "keys are the names of outputs; a dict of columns becomes a frame by pd.DataFrame(…)"
    raise FunctionError(
        f"the function {function!r} returned a dict {' and '.join(parts)}",
        fix=hint or f"the step's outputs are {_listed(outputs)}",
    )


def _checked(frame: Any, output: str, function: str) -> Any:
    if not _is_frame(frame):
        raise _not_a_frame(frame, output, function)
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(frame, pandas.DataFrame):
        _check_columns(frame, output, function)
        return frame if type(frame) is pandas.DataFrame else pandas.DataFrame(frame)
    if type(frame).__module__.startswith("pyarrow"):
        _refuse_repeated(frame.schema.names, output, function)
    return frame


def _check_columns(frame: Any, output: str, function: str) -> None:
    columns = frame.columns
    if text_names(columns) is None:
        if not columns.is_unique:
            _refuse_repeated(list(columns), output, function)
        for odd in (name for name in columns if not isinstance(name, str)):
            fix = "name it, such as df.columns = ['id', 'total']"
            if isinstance(odd, tuple):
                fix = (
                    "join the levels into one name: df.columns = ['_'.join(map(str, c)) for c in df.columns]"
                )
            raise FunctionError(
                f"the output {output!r} of the function {function!r} has the column name {odd!r}: no text",
                fix=fix,
            )
    index = frame.index
    if index.name is not None or index.nlevels > 1:
        taken = [name for name in index.names if name is not None and name in columns]
        if taken:
            raise FunctionError(
                f"the output {output!r} of the function {function!r} has {taken[0]!r} as column and index",
                fix="drop one of the two, such as df.reset_index(drop=True)",
            )


def _refuse_repeated(names: list[Any], output: str, function: str) -> None:
    repeated = next((name for name in names if names.count(name) > 1), None)
    if repeated is not None:
        raise FunctionError(
            f"the output {output!r} of the function {function!r} has more than one column {repeated!r}",
            fix="rename or drop one of them",
        )


def _not_a_frame(value: Any, output: str, function: str) -> FunctionError:
    kind = type(value)
    name = f"{kind.__module__.partition('.')[0]} {kind.__qualname__}"
    name = kind.__qualname__ if kind.__module__ == "builtins" else name
    fix = "return a pandas, Polars or Arrow frame, or a dict of frames by output name"
    if value is None:
        return FunctionError(f"the function {function!r} returned None", fix="did you forget return?")
    if isinstance(value, list):
        fix = "make a frame of it: return pd.DataFrame(rows)"
    elif inspect.isgenerator(value):
        fix = "a function returns its frame whole: return it, don't yield it"
    elif kind.__qualname__ == "Series":
        fix = "make a frame of it: return series.to_frame('name')"
    return FunctionError(f"the function {function!r} returned a {name} for the output {output!r}", fix=fix)


def _listed(names: Collection[Any]) -> str:
    return ", ".join(map(repr, names))
