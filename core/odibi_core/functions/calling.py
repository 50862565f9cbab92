"""Calling a function with frames and params, and taking what it returns."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

from odibi_core.dataset import arrow_to_pandas
from odibi_core.functions.binding import bind_function
from odibi_core.functions.faults import explain_fault
from odibi_core.functions.frames import FrameKind
from odibi_core.functions.results import take_result

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa


class FrameSource(Protocol):
    """What a function's input is made from; every `Dataset` is one."""

    def pandas(self) -> pd.DataFrame:
        """All rows as pandas."""

    def polars(self) -> pl.DataFrame:
        """All rows as Polars."""

    def arrow(self) -> pa.Table:
        """All rows as an Arrow table."""


class TableSource:
    """An Arrow table as a function's input. Each kind of frame is made once."""

    def __init__(self, table: pa.Table) -> None:
        self._table = table

    def arrow(self) -> pa.Table:
        """The table itself."""
        return self._table

    def pandas(self) -> pd.DataFrame:
        """All rows as pandas."""
        return self._pandas

    def polars(self) -> pl.DataFrame:
        """All rows as Polars."""
        return self._polars

    @cached_property
    def _pandas(self) -> pd.DataFrame:
        return arrow_to_pandas(self._table)

    @cached_property
    def _polars(self) -> pl.DataFrame:
        import polars as pl

        return pl.DataFrame(self._table)


def call_function(
    function: Callable[..., Any],
    inputs: Mapping[str, FrameSource],
    params: Mapping[str, Any],
    *,
    outputs: Collection[str] = ("data",),
    name: str = "",
) -> dict[str, Any]:
    """What the function returns, as one frame an output: pandas, Polars (also lazy) or Arrow.

    The function may change its frames in place: no other step sees it.

    Args:
        function: What to call.
        inputs: Name inside the step → rows. See `bind_function` for what goes where.
        params: The step's params, without those that are settings of the step itself.
        outputs: The names that the step declares; one frame goes to the only output, whatever its name.
        name: How the step names the function, for errors.

    Raises:
        FunctionError: The arguments don't fit, the function raised, or it returned something that is not the
            declared frames.
        TransientError: It raised an error of the network or the operating system that may pass.
    """
    name = name or getattr(function, "__qualname__", type(function).__qualname__)
    arguments = bind_function(function, name, tuple(inputs), tuple(params))
    by_position: list[Any] = []
    by_name: dict[str, Any] = {}
    # pandas copies on the first change only while the frame that it would change is alive.
    originals: list[Any] = []
    for argument in arguments:
        if argument.frame is None:
            value = params[argument.source]
        else:
            value = _frame(inputs[argument.source], argument.frame, originals)
        if argument.keyword:
            by_name[argument.keyword] = value
        else:
            by_position.append(value)
    try:
        returned = function(*by_position, **by_name)
    except (Exception, SystemExit) as error:  # a user's function may raise anything
        fault = explain_fault(
            error, name, columns=[column for frame in originals for column in frame.columns]
        )
        if fault is error:
            raise
        raise fault from error
    return take_result(returned, outputs, name)


def _frame(source: FrameSource, kind: FrameKind, originals: list[Any]) -> Any:
    match kind:
        case FrameKind.PANDAS:
            originals.append(source.pandas())
            # A slice is copied on the first change as a shallow copy is, and is made in less time.
            return originals[-1][:]
        case FrameKind.POLARS:
            originals.append(source.polars())
            return originals[-1].clone()
        case FrameKind.POLARS_LAZY:
            originals.append(source.polars())
            return originals[-1].lazy()
        case FrameKind.ARROW_TABLE:
            return source.arrow()
        case FrameKind.ARROW_READER:
            return source.arrow().to_reader()
