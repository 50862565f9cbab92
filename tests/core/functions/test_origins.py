"""What functions say of their columns: written down, read, and held against what they give."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, wraps
from typing import Any

import pandas as pd
import pytest

from odibi_core import Orchestrator, Step, column_origins
from odibi_core.errors import FunctionError
from odibi_core.functions.origins import Origins, broken_promise, declared_origins, source_of


@column_origins({"net": ["amount", "tax"], "kind": ()}, keeps=True)
def with_net(orders: pd.DataFrame) -> pd.DataFrame:
    """The orders with what is left of them."""
    return orders.assign(net=orders["amount"] - orders["tax"], kind="order")


@column_origins({"total": ["orders.amount"]}, output="sums")
@column_origins({"name": "shops.name"}, output="names")
def two(orders: pd.DataFrame, shops: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Two frames."""
    return {"sums": orders[["amount"]].rename(columns={"amount": "total"}), "names": shops[["name"]]}


def test_a_function_says_of_each_output_what_its_columns_are_made_of() -> None:
    assert declared_origins(with_net, "data", ["data"]) == Origins(
        {"net": ("amount", "tax"), "kind": ()}, True
    )
    assert declared_origins(two, "sums", ["sums", "names"]) == Origins({"total": ("orders.amount",)}, False)
    assert declared_origins(two, "names", ["sums", "names"]) == Origins({"name": ("shops.name",)}, False)
    assert declared_origins(len, "data", ["data"]) is None
    # What is said without a name is said of an only output.
    assert declared_origins(with_net, "one", ["one", "other"]) is None


def test_a_wrapped_function_still_says_it() -> None:
    def timed(function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def call(*frames: Any) -> Any:
            return function(*frames)

        return call

    assert declared_origins(timed(with_net), "data", ["data"]) is not None


@pytest.mark.parametrize("columns", [["net"], {"net": 5}, {"net": [5]}, {5: ["net"]}])
def test_what_has_another_form_is_refused_with_an_example(columns: Any) -> None:
    with pytest.raises(FunctionError) as caught:
        column_origins(columns)
    assert 'write the column that comes out and those it is made of: {"net"' in caught.value.fix


def test_what_can_not_carry_it_is_refused_with_the_way_out() -> None:
    with pytest.raises(FunctionError, match="can't say what its columns are made of") as caught:
        column_origins({})(len)
    assert "wrap it in a function of your own" in caught.value.fix
    assert declared_origins(column_origins({})(partial(two)), "data", ["data"]) == Origins({}, False)


@pytest.mark.parametrize(
    ("text", "inputs", "meant"),
    [
        ("amount", {"orders": ["amount"]}, ("orders", "amount")),
        ("a.b", {"orders": ["a.b"]}, ("orders", "a.b")),
        ("orders.amount", {"orders": ["amount"]}, ("orders", "amount")),
        ("orders.a.b", {"orders": ["a.b"], "shops": []}, ("orders", "a.b")),
        ("amount", {"orders": ["amount"], "shops": ["name"]}, None),
        ("orders.paid", {"orders": ["amount"], "shops": ["name"]}, None),
        ("orders.paid", {"orders": None, "shops": ["name"]}, ("orders", "paid")),
        ("paid", {"orders": None}, ("orders", "paid")),
    ],
)
def test_a_column_is_named_alone_or_behind_its_input(
    text: str, inputs: dict[str, list[str] | None], meant: tuple[str, str] | None
) -> None:
    assert source_of(text, inputs) == meant


def test_a_promise_that_does_not_hold_is_told() -> None:
    said = Origins({"net": ("amount", "vat")}, keeps=("orders",))
    inputs = {"orders": ["id", "amount"], "shops": ["name"]}
    assert broken_promise(Origins({"net": ("orders.amount",)}, True), inputs, ["id", "net"]) == ""
    assert broken_promise(said, inputs, ["id", "name"]) == (
        "it did not give 'net'; it says nothing of 'name'; no input has 'amount', 'vat'"
    )


def test_a_run_warns_where_a_function_gives_other_columns_than_it_says() -> None:
    @column_origins({"net": ["amount"]})
    def other(orders: pd.DataFrame) -> pd.DataFrame:
        return orders.assign(gross=1)

    steps = [
        Step("bronze", "read", "sql", "", "SELECT 5 AS amount, 1 AS tax", outputs={"data": "orders"}),
        Step("silver", "net", "function", "", with_net, inputs={"o": "orders"}, outputs={"data": "net"}),
        Step("silver", "other", "function", "", other, inputs={"o": "orders"}, outputs={"data": "other"}),
    ]
    with Orchestrator(steps).execute() as result:
        assert result.success
        assert result.tracker is not None
        assert list(result.data_map["net"]["net"]) == [4]
        (warning,) = result.tracker.step_executions[-1]["warnings"]
        assert warning == (
            "what the function declares of the columns of 'other' does not hold: it did not give 'net'; "
            "it says nothing of 'amount', 'tax', 'gross'"
        )
