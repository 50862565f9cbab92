"""JSON of anything is valid, and the same whichever way it is written."""

from __future__ import annotations

import datetime as dt
import enum
import json
import math
import uuid
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from odibi_core import json_text
from odibi_core.events import NodeState
from odibi_core.json_text import JsonEncoder
from odibi_core.secret_store import Redactor


class _Color(enum.Enum):
    RED = "crimson"


LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(codec=None))
    | st.sampled_from([NodeState.SUCCESS, _Color.RED, dt.date(2026, 1, 2), (1, math.nan), {"a"}, b"x", len])
    | st.sampled_from(
        [np.float64(1.5), np.int64(3), np.str_("é"), np.bool_(True), np.datetime64("2026-01-02")]
    )
    | st.sampled_from([np.array([1.5, 2.0]), bytearray(b"x"), uuid.UUID(int=7), 1j, ..., frozenset({1})])
)
KEYS = st.text(max_size=3) | st.sampled_from([1, None, NodeState.FAILED])
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(value=VALUES)
def test_what_is_plain_is_written_as_all_else_is(value: Any) -> None:
    text = JsonEncoder().encode({"value": value})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_text, "_plain_text", lambda *_: None)
        expected = JsonEncoder().encode({"value": value})
    assert json.loads(text, parse_constant=_refuse) == json.loads(expected)


def test_a_line_holds_no_spaces_between_its_parts() -> None:
    assert JsonEncoder().encode({"a": [1, None], "b": {"c": "é\n"}}) == '{"a":[1,null],"b":{"c":"é\\n"}}'


def test_floats_that_are_no_numbers_are_texts() -> None:
    assert JsonEncoder().encode({"a": [{"b": math.nan}], "c": -math.inf}) == '{"a":[{"b":"nan"}],"c":"-inf"}'


class _Odd(enum.Enum):
    ENDLESS = math.inf
    PAIR = (1, math.nan)
    KEYS = {(1, 2): 3}  # noqa: RUF012 - a value of an enum
    OTHER = object()


@pytest.mark.parametrize("beside", [1, math.nan])
def test_a_member_of_an_enum_is_its_value_where_json_has_a_form_for_it(beside: Any) -> None:
    members = [_Color.RED, *_Odd]
    told = json.loads(JsonEncoder().encode({"a": members, "b": beside}), parse_constant=_refuse)
    assert told["a"] == ["crimson", "inf", [1, "nan"], {"(1, 2)": 3}, "_Odd.OTHER"]


def test_a_mapping_of_a_kind_of_its_own_is_what_it_says() -> None:
    class Doubled(dict[str, int]):
        def items(self) -> Any:
            return [(name, 2 * number) for name, number in super().items()]

    assert JsonEncoder().encode({"a": Doubled(x=1)}) == '{"a":{"x":2}}'


@pytest.mark.parametrize("beside", [1, math.nan, {"a"}])
def test_what_is_encoded_once_stands_in_each_place(beside: Any) -> None:
    encoder = JsonEncoder()
    part = encoder.fragment({"x": [1, None, math.inf]})
    text = encoder.encode({"a": part, "b": [part], "c": beside})
    assert '"a":{"x":[1,null,"inf"]},"b":[{"x":[1,null,"inf"]}]' in text
    json.loads(text, parse_constant=_refuse)


def test_a_list_without_an_end_is_written_as_far_as_it_can_be() -> None:
    endless: list[Any] = [1]
    endless.append(endless)
    assert JsonEncoder().encode({"a": endless}).startswith('{"a":[1,[1,[1,')


@pytest.mark.parametrize("value", ["é", "\ud800", math.nan, {"a"}, 2**70])
def test_a_line_is_the_text_in_utf_8_with_what_it_can_not_hold_escaped(value: Any) -> None:
    line = JsonEncoder().encode_line({"value": value})
    text = JsonEncoder().encode({"value": value})
    assert line == text.encode("utf-8", errors="backslashreplace") + b"\n"
    json.loads(line)


def test_a_secret_is_hidden_at_any_depth() -> None:
    redactor = Redactor()
    redactor.add("s3cr3t-value")
    text = JsonEncoder(redactor).encode({"a": [{"s3cr3t-value": "x s3cr3t-value"}], "b": {"s3cr3t-value"}})
    assert "s3cr3t-value" not in text


def test_a_secret_is_hidden_in_what_is_no_text_itself() -> None:
    key = uuid.UUID(int=7)
    named = enum.Enum("named", {"ONE": str(key)})
    redactor = Redactor()
    redactor.add(str(key))
    told = json.loads(JsonEncoder(redactor).encode({"a": key, "b": named.ONE, "c": {key: 1}}))
    assert told == {"a": "***", "b": "***", "c": {"***": 1}}


def _refuse(constant: str) -> None:
    raise AssertionError(f"{constant} is no JSON")
