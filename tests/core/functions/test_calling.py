"""Calling functions: what goes in, in which form, and what may come out."""

from __future__ import annotations

import functools
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any, Optional

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from tests.core.functions import frames_for_type_checkers

from odibi_core.errors import FunctionError, TransientError
from odibi_core.functions import TableSource, call_function
from odibi_core.functions.results import result_to_arrow


@pytest.fixture
def orders() -> TableSource:
    return TableSource(
        pa.table(
            {"id": [1, 2, 3], "price": [1.5, 2.5, 3.5], "city": ["Rome", "Oslo", None], "qty": [1, None, 3]}
        )
    )


@pytest.fixture
def rates() -> TableSource:
    return TableSource(pa.table({"city": ["Rome"], "rate": [2.0]}))


def called(function: Callable[..., Any], inputs: dict[str, TableSource], **params: Any) -> Any:
    return call_function(function, inputs, params)["data"]


def test_a_single_input_goes_to_the_first_argument_whatever_its_name(orders: TableSource) -> None:
    def keep(anything: pd.DataFrame) -> pd.DataFrame:
        return anything

    assert called(keep, {"bronze": orders}).equals(orders.pandas())


def test_a_single_input_goes_to_its_own_name_where_a_param_fills_the_first(orders: TableSource) -> None:
    def above(limit: float, df: pd.DataFrame) -> pd.DataFrame:
        return df[df["price"] > limit]

    assert len(called(above, {"df": orders}, limit=2)) == 2


def test_several_inputs_go_by_name(orders: TableSource, rates: TableSource) -> None:
    def join(rates: pd.DataFrame, orders: pd.DataFrame) -> pd.DataFrame:
        return orders.merge(rates, on="city")

    assert called(join, {"orders": orders, "rates": rates})["rate"].tolist() == [2.0]


def test_a_function_without_inputs_makes_rows_from_its_params() -> None:
    def numbers(n: int) -> pd.DataFrame:
        return pd.DataFrame({"n": range(n)})

    assert len(called(numbers, {}, n=3)) == 3


def test_surplus_inputs_and_params_go_to_a_function_that_takes_anything(
    orders: TableSource, rates: TableSource
) -> None:
    def anything(**given: Any) -> pd.DataFrame:
        return pd.DataFrame({"name": sorted(given)})

    result = called(anything, {"orders": orders, "my rates": rates}, limit=1)
    assert result["name"].tolist() == ["limit", "my rates", "orders"]


def test_positional_only_and_keyword_only_arguments_are_filled(
    orders: TableSource, rates: TableSource
) -> None:
    def strict(orders: Any, /, *, rates: Any, limit: int) -> pd.DataFrame:
        return pd.DataFrame({"rows": [len(orders), len(rates), limit]})

    assert called(strict, {"orders": orders, "rates": rates}, limit=7)["rows"].tolist() == [3, 1, 7]


def test_a_decorated_function_gets_its_input_by_position(orders: TableSource) -> None:
    def logged(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def wrapper(first: Any, **rest: Any) -> Any:
            return function(first, **rest)

        return wrapper

    @logged
    def keep(df: pd.DataFrame, limit: int) -> pd.DataFrame:
        return df.head(limit)

    assert len(called(keep, {"data": orders}, limit=2)) == 2


def test_partials_methods_and_callable_objects_are_functions(orders: TableSource) -> None:
    class Head:
        __hash__ = None  # type: ignore[assignment]

        def __call__(self, df: pl.DataFrame, n: int) -> pl.DataFrame:
            assert isinstance(df, pl.DataFrame)
            return df.head(n)

        def method(self, df: pl.LazyFrame) -> pl.LazyFrame:
            assert isinstance(df, pl.LazyFrame)
            return df

    assert called(Head(), {"data": orders}, n=1).height == 1
    assert called(Head().method, {"data": orders}).collect().height == 3
    assert called(functools.partial(Head(), n=2), {"data": orders}).height == 2


def test_a_missing_argument_shows_the_signature(orders: TableSource) -> None:
    def above(df: pd.DataFrame, limit: float) -> pd.DataFrame:
        return df

    with pytest.raises(FunctionError, match="needs 'limit'") as caught:
        called(above, {"data": orders})
    assert "above(df: 'pd.DataFrame', limit: 'float')" in caught.value.fix


def test_a_misspelt_param_gets_the_near_name(orders: TableSource) -> None:
    def above(df: pd.DataFrame, limit: float = 1) -> pd.DataFrame:
        return df

    with pytest.raises(FunctionError, match="has no argument 'limt'") as caught:
        called(above, {"data": orders}, limt=3)
    assert "did you mean 'limit'?" in caught.value.fix


def test_a_misspelt_input_gets_the_near_name(orders: TableSource, rates: TableSource) -> None:
    def join(orders: pd.DataFrame, rates: pd.DataFrame) -> pd.DataFrame:
        return orders

    with pytest.raises(FunctionError, match="needs 'rates' and has no argument 'rate'") as caught:
        called(join, {"orders": orders, "rate": rates})
    assert "did you mean 'rates'?" in caught.value.fix


def test_one_name_for_an_input_and_a_param_is_a_mistake(orders: TableSource) -> None:
    def keep(orders: pd.DataFrame) -> pd.DataFrame:
        return orders

    with pytest.raises(FunctionError, match="gets 'orders' twice"):
        called(keep, {"orders": orders}, orders=1)


def test_an_async_function_is_refused(orders: TableSource) -> None:
    async def later(df: pd.DataFrame) -> pd.DataFrame:
        return df

    with pytest.raises(FunctionError, match="is async"):
        called(later, {"data": orders})


def test_annotations_choose_the_kind_of_frame(orders: TableSource) -> None:
    def polars_(df: pl.DataFrame) -> Any:
        return df

    def lazy(df: pl.LazyFrame) -> Any:
        return df

    def table(df: pa.Table) -> Any:
        return df

    def optional(df: Optional[pl.DataFrame]) -> Any:  # noqa: UP045  as older code has it
        return df

    def annotated(df: Annotated[pa.Table, "orders"]) -> Any:
        return df

    def without(df):  # type: ignore[no-untyped-def]
        return df

    kinds: dict[Callable[..., Any], type] = {
        polars_: pl.DataFrame,
        lazy: pl.LazyFrame,
        table: pa.Table,
        optional: pl.DataFrame,
        annotated: pa.Table,
        without: pd.DataFrame,
    }
    for function, kind in kinds.items():
        assert isinstance(called(function, {"data": orders}), kind), function


@pytest.mark.parametrize(
    "annotation",
    [pl.DataFrame, pl.LazyFrame, pa.Table, pl.DataFrame | None, Annotated[pl.DataFrame, "orders"]],
)
def test_classes_as_annotations_choose_too(orders: TableSource, annotation: Any) -> None:
    def keep(df: Any) -> Any:
        return df

    keep.__annotations__["df"] = annotation
    assert not isinstance(called(keep, {"data": orders}), pd.DataFrame)


def test_names_imported_for_type_checkers_only_are_understood(orders: TableSource) -> None:
    assert isinstance(called(frames_for_type_checkers.by_module, {"data": orders}), pl.DataFrame)
    assert isinstance(called(frames_for_type_checkers.by_alias, {"data": orders}), pl.LazyFrame)
    assert isinstance(called(frames_for_type_checkers.by_name, {"data": orders}), pl.DataFrame)
    assert isinstance(called(frames_for_type_checkers.by_renamed_name, {"data": orders}), pl.LazyFrame)
    assert isinstance(called(frames_for_type_checkers.arrow_table, {"data": orders}), pa.Table)
    assert isinstance(called(frames_for_type_checkers.arrow_reader, {"data": orders}), pa.RecordBatchReader)


def test_pandas_functions_never_load_polars(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "from __future__ import annotations\nimport sys\nimport pyarrow as pa\n"
        "from odibi_core.functions import TableSource, call_function\n"
        "def keep(df: pd.DataFrame | None) -> pd.DataFrame:\n    return df\n"
        "call_function(keep, {'data': TableSource(pa.table({'a': [1]}))}, {})\n"
        "assert 'polars' not in sys.modules\n"
    )
    subprocess.run([sys.executable, str(script)], check=True, env={"PYTHONPATH": ":".join(sys.path)})


def _set_cell(df: pd.DataFrame) -> None:
    df.loc[0, "id"] = 99


def _set_by_position(df: pd.DataFrame) -> None:
    df.iloc[0, 1] = 99.0


def _set_text(df: pd.DataFrame) -> None:
    df.loc[0, "city"] = "Paris"


def _set_nullable(df: pd.DataFrame) -> None:
    df.loc[0, "qty"] = 99


def _add_to_column(df: pd.DataFrame) -> None:
    df["price"] += 1


def _fill(df: pd.DataFrame) -> None:
    df.fillna({"city": "nowhere"}, inplace=True)


def _drop(df: pd.DataFrame) -> None:
    del df["id"]


def _rename(df: pd.DataFrame) -> None:
    df.columns = pd.Index(["a", "b", "c", "d"])


def _insert(df: pd.DataFrame) -> None:
    df.insert(0, "one", 1)


@pytest.mark.parametrize(
    "change",
    [_set_cell, _set_by_position, _set_text, _set_nullable, _add_to_column, _fill, _drop, _rename, _insert],
)
def test_a_change_in_place_stays_inside_the_function(
    orders: TableSource, change: Callable[[pd.DataFrame], None]
) -> None:
    def changing(df: pd.DataFrame) -> pd.DataFrame:
        change(df)
        return df

    before = orders.pandas().copy(deep=True)
    changed = called(changing, {"data": orders})
    assert not changed.equals(before)
    assert orders.pandas().equals(before)
    assert called(lambda df: df, {"data": orders}).equals(before)


def test_a_polars_change_in_place_stays_inside_the_function(orders: TableSource) -> None:
    def changing(df: pl.DataFrame) -> pl.DataFrame:
        df[0, "id"] = 99
        df.insert_column(0, pl.lit(1).alias("one"))
        return df

    before = orders.polars().clone()
    assert called(changing, {"data": orders}).columns[0] == "one"
    assert orders.polars().equals(before)


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"a": [1]}),
        pl.DataFrame({"a": [1]}),
        pl.LazyFrame({"a": [1]}),
        pa.table({"a": [1]}),
        pa.table({"a": [1]}).to_batches()[0],
        pa.table({"a": [1]}).to_reader(),
    ],
)
def test_every_kind_of_frame_may_come_back(frame: Any) -> None:
    assert called(lambda: frame, {}) is frame
    assert result_to_arrow(frame, "data", "f").to_pydict() == {"a": [1]}


def test_a_subclass_of_the_pandas_frame_is_a_plain_one_afterwards() -> None:
    class Labelled(pd.DataFrame):
        pass

    assert type(called(lambda: Labelled({"a": [1]}), {})) is pd.DataFrame


def test_a_dict_of_frames_fills_the_declared_outputs_in_their_order() -> None:
    def split() -> dict[str, pd.DataFrame]:
        return {"bad": pd.DataFrame({"a": [1]}), "good": pd.DataFrame({"a": [2, 3]})}

    frames = call_function(split, {}, {}, outputs=["good", "bad"])
    assert {name: len(frame) for name, frame in frames.items()} == {"good": 2, "bad": 1}
    assert list(frames) == ["good", "bad"]


def _empty() -> pd.DataFrame:
    return pd.DataFrame()


def test_one_frame_goes_to_the_only_output_whatever_its_name() -> None:
    assert list(call_function(_empty, {}, {}, outputs=["clean"])) == ["clean"]


@pytest.mark.parametrize(
    ("returned", "message", "fix"),
    [
        (None, "returned None", "did you forget return"),
        (3, "returned a int", "return a pandas, Polars or Arrow frame"),
        ([{"a": 1}], "returned a list", r"return pd.DataFrame\(rows\)"),
        (pd.Series([1]), "returned a pandas Series", "to_frame"),
        ((row for row in [1]), "returned a generator", "don't yield it"),
        ({"a": [1, 2]}, "without the outputs 'data' and with 'a'", "a dict of columns becomes a frame"),
        ({"dat": pd.DataFrame()}, "with 'dat', which the step doesn't declare", "did you mean 'data'"),
        ({"data": None}, "returned None", "did you forget return"),
        ({}, "without the outputs 'data'", "the step's outputs are 'data'"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "more than one column 'a'", "rename or drop"),
        (pa.table([[1], [2]], names=["a", "a"]), "more than one column 'a'", "rename or drop"),
        (pd.DataFrame([[1, 2]]), "the column name 0: no text", "df.columns"),
        (
            pd.DataFrame([[1, 2]], columns=pd.Index(["a", None], dtype=object)),
            "the column name None: no text",
            "df.columns",
        ),
        (pd.DataFrame([[1, 2]], columns=["a", None]), "the column name (nan|None): no text", "df.columns"),
        (
            pd.DataFrame([[1]], columns=pd.MultiIndex.from_tuples([("a", "sum")])),
            "no text",
            "join the levels",
        ),
        (pd.DataFrame({"a": [1]}, index=pd.Index([5], name="a")), "'a' as column and index", "reset_index"),
    ],
)
def test_what_is_not_a_frame_gets_a_clear_error(returned: Any, message: str, fix: str) -> None:
    with pytest.raises(FunctionError, match=message) as caught:
        call_function(lambda: returned, {}, {}, name="transforms.clean")
    assert "'transforms.clean'" in caught.value.what
    assert re.search(fix, caught.value.fix)


def test_one_frame_for_two_outputs_asks_for_a_dict() -> None:
    with pytest.raises(FunctionError, match="returned one frame, and the step has the outputs 'good', 'bad'"):
        call_function(_empty, {}, {}, outputs=["good", "bad"])


def test_a_column_of_mixed_types_is_named() -> None:
    with pytest.raises(FunctionError, match=r"no single type.*column a"):
        result_to_arrow(pd.DataFrame({"a": [1, "x"]}, dtype=object), "data", "clean")


def test_a_lazy_frame_that_fails_when_it_is_computed_names_the_function() -> None:
    lazy = pl.LazyFrame({"a": [1]}).select("b")
    with pytest.raises(FunctionError, match="the function 'clean' raised ColumnNotFoundError"):
        result_to_arrow(lazy, "data", "clean")


def _failing(df: pd.DataFrame) -> pd.DataFrame:
    password = "hunter2"
    assert password
    return df[["no_such_column"]]


def test_an_exception_names_type_message_and_the_users_own_line(orders: TableSource) -> None:
    with pytest.raises(FunctionError, match=r"the function 't\.failing' raised KeyError: ") as caught:
        call_function(_failing, {"data": orders}, {}, name="t.failing")
    line = _failing.__code__.co_firstlineno + 3
    assert caught.value.where == f"{__file__}:{line}"
    assert isinstance(caught.value.__cause__, KeyError)


def test_no_locals_stay_in_the_traceback(orders: TableSource) -> None:
    with pytest.raises(FunctionError) as caught:
        call_function(_failing, {"data": orders}, {})
    assert caught.value.__cause__ is not None
    trace = caught.value.__cause__.__traceback__
    found = []
    while trace is not None:
        if trace.tb_frame.f_code is _failing.__code__:
            found.append(dict(trace.tb_frame.f_locals))
        trace = trace.tb_next
    assert found == [{}]


def test_a_missing_column_gets_the_near_name(orders: TableSource) -> None:
    with pytest.raises(FunctionError, match="KeyError: 'prices'") as caught:
        called(lambda df: df["prices"], {"data": orders})
    assert caught.value.fix == "did you mean 'price'?"


@pytest.mark.parametrize(
    "error", [ConnectionResetError("reset"), TimeoutError("slow"), OSError(5, "I/O error")]
)
def test_errors_that_may_pass_are_transient(error: Exception) -> None:
    def fetch() -> None:
        raise error

    with pytest.raises(TransientError, match=f"raised {type(error).__name__}"):
        called(fetch, {})


@pytest.mark.parametrize(
    "error",
    [
        FileNotFoundError(2, "gone", "a.csv"),
        PermissionError(13, "no", "a.csv"),
        ValueError("x"),
        MemoryError(),
    ],
)
def test_errors_that_stay_are_not_transient(error: Exception) -> None:
    def fetch() -> None:
        raise error

    with pytest.raises(FunctionError, match=f"raised {type(error).__name__}"):
        called(fetch, {})


def test_an_error_of_the_core_passes_through_with_its_place() -> None:
    def fetch() -> None:
        raise TransientError("the rates are being published", fix="try later")

    with pytest.raises(TransientError, match="being published") as caught:
        called(fetch, {})
    assert caught.value.where.startswith(__file__)


def test_a_function_cannot_end_the_process() -> None:
    with pytest.raises(FunctionError, match=r"called sys\.exit"):
        called(lambda: sys.exit(1), {})


def test_a_reader_that_fails_while_it_is_read_names_the_function() -> None:
    def batches() -> Iterator[pa.RecordBatch]:
        yield pa.record_batch({"a": [1]})
        raise ValueError("the source ended early")

    reader = pa.RecordBatchReader.from_batches(pa.schema({"a": pa.int64()}), batches())
    with pytest.raises(FunctionError, match="ValueError: the source ended early"):
        result_to_arrow(reader, "data", "clean")
