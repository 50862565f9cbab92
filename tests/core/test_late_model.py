"""Models that load pydantic late: whoever reads settings by them can't tell the difference."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from enum import Enum
from typing import Any, Literal, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic import Field as PydanticField

from odibi_core import run_settings, workspace_settings
from odibi_core.formats import csv_options, json_options, parquet
from odibi_core.formats.base import LateOptions, Options, WriteMode
from odibi_core.journal import order
from odibi_core.model import Field, LateModel, field_names
from odibi_core.nodes import settings as node_settings
from odibi_core.story import lineage


def late_models() -> list[type[LateModel]]:
    """Every late model that pydantic has a model of, too."""
    modules = (
        *(run_settings, workspace_settings, csv_options, json_options, parquet, node_settings),
        *(lineage, order),
    )
    found: dict[str, Any] = {
        f"{kind.__module__}.{kind.__name__}": kind
        for module in modules
        for kind in vars(module).values()
        if isinstance(kind, type) and hasattr(kind, "pydantic_model") and kind.__module__ == module.__name__
    }
    return list(found.values())


MODELS = late_models()
SIMPLE = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 200_000),
    st.floats(allow_nan=True),
    st.sampled_from(["", "x", "ab", "4GB", "true", "1", "auto", "\n", "2024-05-06T07:08:09.5+00:00"]),
    st.sampled_from(["2024-05-06T07:08:09Z", "2024-02-30T07:08:09Z", "2024-05-06", "fused", "append"]),
    st.sampled_from([*WriteMode]),
)
VALUES = st.recursive(
    SIMPLE,
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.lists(inner, max_size=2).map(tuple)
        | st.dictionaries(st.sampled_from(["a", "from", "to", "allow", "name"]), inner, max_size=2)
    ),
    max_leaves=4,
)


def likely(model: Any) -> st.SearchStrategy[dict[Any, Any]]:
    """What somebody may give: mostly names that there are, and values that are near to right."""
    words = [word for field in model.model_fields.values() for word in _words(field.annotation)]
    names = st.sampled_from([*sorted(field_names(model)), "nothing"])
    values = VALUES | st.sampled_from(words) if words else VALUES
    return st.dictionaries(names, values, max_size=4)


def _words(type_: Any) -> list[Any]:
    if isinstance(type_, type) and issubclass(type_, Enum):
        return [member.value for member in type_]
    return [word for each in get_args(type_) for word in ([each] if isinstance(each, str) else _words(each))]


def outcome(check: Any) -> Any:
    """What came of it: values with their types, or the words of the error."""
    try:
        made = check()
    except ValidationError as error:
        return error.errors(include_url=False, include_context=False)
    values = {name: getattr(made, name) for name in type(made).model_fields}
    return {name: _typed(value) for name, value in values.items()}, made.model_fields_set


def _typed(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _typed(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value), [_typed(item) for item in value]
    return type(value), repr(value)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_what_is_given_is_taken_or_refused_as_pydantic_does(model: Any, data: st.DataObject) -> None:
    params = data.draw(likely(model))
    ours = outcome(lambda: model.model_validate(copy.deepcopy(params)))
    assert ours == outcome(lambda: model.pydantic_model().model_validate(params))


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_what_differs_from_the_defaults_is_dumped_as_pydantic_does(model: Any, data: st.DataObject) -> None:
    params = data.draw(likely(model))
    try:
        made = model.model_validate(copy.deepcopy(params))
    except ValidationError:
        return
    how: dict[str, Any] = {"mode": "json", "exclude_defaults": True}
    pydantics = model.pydantic_model().model_validate(params)
    assert repr(made.model_dump(**how)) == repr(pydantics.model_dump(**how))


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_names_schema_and_dump_are_those_of_pydantics_model(model: Any) -> None:
    made = model.pydantic_model()
    aliases = {field.alias for field in made.model_fields.values() if field.alias}
    by_name = made.model_config.get("populate_by_name")
    hidden = set() if by_name else {name for name, field in made.model_fields.items() if field.alias}
    assert field_names(model) == (set(made.model_fields) | aliases) - hidden
    assert model.model_json_schema() == made.model_json_schema()
    if not any(field.is_required() for field in made.model_fields.values()):
        assert model().model_dump(mode="json") == made().model_dump(mode="json")


class Inner(LateOptions):
    size: int = Field(1, ge=1, description="How large.")
    also: Literal["a", "b"] = "a"


class Outer(Options):
    inner: Inner = PydanticField(default_factory=Inner)
    word: str = ""


def test_a_late_model_is_a_field_of_an_early_one() -> None:
    assert issubclass(Outer, BaseModel)
    outer = Outer.model_validate({"inner": {"size": "3"}, "word": "x"})
    assert outer.inner == Inner(size=3)
    assert outer.model_dump() == {"inner": {"size": 3, "also": "a"}, "word": "x"}
    assert Outer(inner=Inner(size=5)).inner.size == 5
    assert isinstance(outer, Options)
    assert issubclass(Inner, Options)
    with pytest.raises(ValidationError, match=r"inner\.size"):
        Outer.model_validate({"inner": {"size": 0}})


class Holder(LateOptions):
    held: Any = None
    more: dict[str, Any] = Field(default_factory=dict)


def test_a_late_model_that_holds_early_and_late_ones_is_dumped() -> None:
    holder = Holder(held=Outer(word="x"), more={"late": Inner(size=2), "early": [Outer()]})
    outer = {"inner": {"size": 1, "also": "a"}, "word": ""}
    assert holder.model_dump() == {
        "held": {**outer, "word": "x"},
        "more": {"late": {"size": 2, "also": "a"}, "early": [outer]},
    }


def test_it_is_frozen_and_can_be_copied_compared_and_kept() -> None:
    made = Inner(size=2)
    with pytest.raises(ValidationError, match="frozen"):
        made.size = 3  # type: ignore[misc]
    assert made.size == 2
    assert made.model_copy(update={"also": "b"}) == Inner(size=2, also="b")
    assert made.model_copy(update={"also": "b"}).model_fields_set == {"size", "also"}
    assert made != Inner()
    assert hash(made) == hash(Inner(size=2))
    assert copy.deepcopy(made) == made == pickle.loads(pickle.dumps(made))
    assert repr(made) == "Inner(size=2, also='a')"
    assert TypeAdapter(dict[str, Inner]).validate_python({"x": {"size": 4}}) == {"x": Inner(size=4)}


class Widened(Inner):
    more: str = PydanticField("", min_length=0)


def test_a_model_below_it_that_is_declared_with_pydantics_own_names_is_pydantics() -> None:
    assert issubclass(Widened, BaseModel)
    assert Widened(size=2, more="x").model_dump() == {"size": 2, "also": "a", "more": "x"}
    assert isinstance(Widened(), Inner)


SURE = """
import sys
from odibi_core.run_settings import RunSettings
from odibi_core.formats.csv_options import CsvReadOptions
made = RunSettings.model_validate({"tracking": "fused", "max_retries": 2, "memory_limit": None})
assert (made.max_retries, made.tracking.value, made.retry_delay) == (2, "fused", 1.0)
assert CsvReadOptions.model_validate({"header": True, "sep": ";"}).delimiter == ";"
print("pydantic" in sys.modules)
"""


def test_what_is_plain_to_see_needs_no_pydantic() -> None:
    done = subprocess.run([sys.executable, "-c", SURE], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
