"""What makes two functions the same."""

from __future__ import annotations

import functools
import logging
import re
import threading
import types
from collections.abc import Callable
from typing import Any

import pytest

from odibi_core.plan.code_identity import UnknownCodeError, code_identity

BASE = """
import re, logging
log = logging.getLogger(__name__)
PATTERN = re.compile("a+")
LIMIT = 5
NAMES = {"b": [1, 2], "a": {3, 4}}
class Rule:
    factor = 2
    def apply(self, x): return x * self.factor
def helper(x): return x + LIMIT
def step(data):
    '''Says what it does.'''
    log.info("x")
    inner = [helper(value) for value in data if PATTERN.match(str(value))]
    return inner, NAMES
"""


def made_of(source: str) -> str:
    space: dict[str, Any] = {"__name__": "project_module"}
    exec(compile(source, "project_module.py", "exec"), space)
    return code_identity(space["step"])


def test_the_same_source_is_the_same() -> None:
    assert made_of(BASE) == made_of(BASE)


def test_comments_and_empty_lines_change_nothing() -> None:
    assert made_of(BASE.replace("LIMIT = 5", "\n\nLIMIT = 5  # why")) == made_of(BASE)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("x + LIMIT", "x - LIMIT"),
        ("LIMIT = 5", "LIMIT = 6"),
        ('"a+"', '"b+"'),
        ("{3, 4}", "{3, 5}"),
        ('log.info("x")', 'log.info("y")'),
    ],
)
def test_what_the_function_names_counts(old: str, new: str) -> None:
    assert old in BASE
    assert made_of(BASE.replace(old, new)) != made_of(BASE)


def test_what_the_function_does_not_name_does_not_count() -> None:
    assert made_of(BASE + "\nOTHER = 1\ndef unused(): pass\n") == made_of(BASE)


def test_defaults_closures_and_partials_count() -> None:
    def make(number: int) -> Callable[[Any], Any]:
        return lambda data: data + number

    def step(data: Any, *, number: int = 0) -> Any:
        return data + number

    assert code_identity(make(1)) == code_identity(make(1)) != code_identity(make(2))
    assert code_identity(functools.partial(step, number=1)) != code_identity(
        functools.partial(step, number=2)
    )


def test_functions_that_call_each_other_end() -> None:
    source = "def step(n): return other(n)\ndef other(n): return step(n)\n"
    assert made_of(source) == made_of(source)
    assert made_of(source) != made_of(source.replace("other(n): return", "other(n): return 1 +"))


def test_an_object_whose_state_cannot_be_read_is_not_guessed() -> None:
    class Counter:
        def __init__(self) -> None:
            self.lock = threading.Lock()

    counter = Counter()
    with pytest.raises(UnknownCodeError, match="what a Counter holds can't be told"):
        code_identity(lambda data: (counter, data))


def test_library_objects_stand_for_themselves() -> None:
    def step(data: Any) -> Any:
        logging.getLogger("x").info(re.sub("a", "b", str(types.SimpleNamespace(data=data))))
        return data

    assert code_identity(step) == code_identity(step)
