"""Data classes whose methods are made late: nobody can tell them from the library's."""

from __future__ import annotations

import copy
import dataclasses
import importlib
import inspect
import pickle
import pkgutil
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import field
from typing import Any, ClassVar, Generic, TypeVar

import pytest

import odibi_core
from odibi_core import late_dataclass

Item = TypeVar("Item")
# To mypy the two are one.
KINDS: dict[str, Callable[..., Any]] = {
    "library": dataclasses.dataclass,
    "late": vars(late_dataclass)["dataclass"],
}


def classes(kind: str, **settings: Any) -> Any:
    """A data class with what ours use: defaults, factories, hidden fields, its own `__post_init__`."""

    @KINDS[kind](**settings)
    class Order:
        """An order."""

        kind: ClassVar[str] = "order"
        number: int
        secret: str = field(repr=False)
        rows: list[int] = field(default_factory=list)
        note: str = ""
        weight: float = field(default=1.5)

        def __post_init__(self) -> None:
            object.__setattr__(self, "note", self.note.strip())

        @property
        def double(self) -> int:
            return self.number * 2

    return Order


SETTINGS: list[dict[str, Any]] = [
    {"frozen": True, "slots": True},
    {"frozen": True},
    {"slots": True},
    {"slots": True, "eq": False},
    {"frozen": True, "slots": True, "repr": False},
]


def outcome(call: Callable[[], Any]) -> Any:
    """What a call gives, or its error, as text."""
    try:
        return call()
    except Exception as error:  # noqa: BLE001 - errors are compared
        return type(error).__name__, str(error).replace("classes.<locals>.", "")


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
@pytest.mark.parametrize(
    "look",
    [
        lambda cls: repr(cls(1, "x", note=" a ")).partition(" object at ")[0],
        lambda cls: cls(1, "x") == cls(1, "x"),
        lambda cls: cls(1, "x") == cls(2, "x"),
        lambda cls: cls(1, "x") == 1,
        # Both are held: a second one may else lie where the first did, and the hash is where it lies.
        lambda cls: len({hash(each) for each in [cls(1, "x", ()), cls(1, "x", ())]}),
        lambda cls: hash(cls(1, "x")) and None,
        lambda cls: cls(),
        lambda cls: cls(1, "x", wrong=2),
        lambda cls: cls(1, secret="x", rows=[3]).rows,
        lambda cls: cls(1, "x").rows is cls(1, "x").rows,
        lambda cls: setattr(cls(1, "x"), "number", 2),
        lambda cls: delattr(cls(1, "x"), "number"),
        lambda cls: dataclasses.replace(cls(1, "x"), number=3).double,
        lambda cls: dataclasses.replace(cls(1, "x"), other=3),
        lambda cls: dataclasses.asdict(cls(1, "x", [2])),
        lambda cls: dataclasses.astuple(cls(1, "x", [2])),
        lambda cls: [
            (each.name, each.type, each.repr, each.default)
            for each in dataclasses.fields(cls)
            if each.name != "rows"
        ],
        dataclasses.is_dataclass,
        lambda cls: cls.__match_args__,
        lambda cls: getattr(cls, "__slots__", None),
        lambda cls: hasattr(cls(1, "x"), "__dict__"),
        lambda cls: cls.kind,
        lambda cls: cls.note if isinstance(cls.note, str) else "a slot",
        lambda cls: hasattr(cls, "rows"),
        lambda cls: list(inspect.signature(cls).parameters),
        lambda cls: cls.__init__.__annotations__,
        lambda cls: copy.copy(cls(1, "x", [2])).rows,
        lambda cls: copy.deepcopy(cls(1, "x", [2])).rows,
        lambda cls: cls.__dataclass_params__.frozen,
        lambda cls: cls.__hash__ is None,
        lambda cls: cls.__doc__,
    ],
)
def test_does_what_the_librarys_does(look: Callable[[Any], Any], settings: dict[str, Any]) -> None:
    assert outcome(lambda: look(classes("late", **settings))) == outcome(
        lambda: look(classes("library", **settings))
    )


def derived(kind: str) -> tuple[Any, Any]:
    """A class, and one that is derived from it."""

    @KINDS[kind](frozen=True, slots=True)
    class Node:
        line: int
        column: int = 1

    @KINDS[kind](frozen=True, slots=True)
    class Scalar(Node):
        text: str = ""

    return Node, Scalar


@pytest.mark.parametrize("kind", KINDS)
def test_a_class_takes_over_the_fields_of_the_one_that_it_is_derived_from(kind: str) -> None:
    Node, Scalar = derived(kind)  # noqa: N806 - classes
    one = Scalar(3, text="x")
    assert (one, hash(one), repr(one).rpartition(".")[2]) == (
        Scalar(3, 1, "x"),
        hash(Scalar(3, 1, "x")),
        "Scalar(line=3, column=1, text='x')",
    )
    assert one != Node(3)
    assert [each.name for each in dataclasses.fields(Scalar)] == ["line", "column", "text"]
    assert Scalar.__slots__ == ("text",)
    assert dataclasses.replace(one, line=4).line == 4


def with_bases(kind: str) -> tuple[Any, Any]:
    """A class with abstract bases and methods of its own, and a generic one."""

    @KINDS[kind](slots=True)
    class Result(Mapping[str, Any]):
        values_: dict[str, Any]

        def __getitem__(self, key: str) -> Any:
            return self.values_[key]

        def __iter__(self) -> Iterator[str]:
            return iter(self.values_)

        def __len__(self) -> int:
            return len(self.values_)

        def __repr__(self) -> str:
            return "mine"

    @KINDS[kind](slots=True)
    class Folder(Generic[Item]):
        item: Item

    return Result, Folder


@pytest.mark.parametrize("kind", KINDS)
def test_a_class_keeps_its_own_methods_and_its_bases(kind: str) -> None:
    Result, Folder = with_bases(kind)  # noqa: N806 - classes
    assert (dict(Result({"a": 1})), repr(Result({}))) == ({"a": 1}, "mine")
    assert Result({"a": 1}) == Result({"a": 1})
    assert Result({"a": 1}) != {"a": 1}
    assert Folder[int](3).item == 3


@late_dataclass.dataclass(frozen=True, slots=True)
class Kept:
    """One that pickle finds by its name."""

    number: int
    rows: list[int] = field(default_factory=list)


def test_frozen_instances_with_slots_can_be_pickled() -> None:
    assert pickle.loads(pickle.dumps(Kept(1, [2]))) == Kept(1, [2])


def test_threads_may_make_the_first_instances_at_once() -> None:
    made: list[Any] = []
    for _ in range(50):
        cls = classes("late", frozen=True, slots=True)
        begin = threading.Barrier(4)

        def make(cls: Any = cls, begin: threading.Barrier = begin) -> None:
            begin.wait()
            made.append(hash(cls(1, "x", ())) == hash(cls(1, "x", ())) and cls(1, "x") == cls(1, "x"))

        threads = [threading.Thread(target=make) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert made == [True] * 200


def test_what_ours_never_use_is_refused() -> None:
    @KINDS["late"](slots=True)
    class Odd:
        number: int = field(init=False)

    with pytest.raises(TypeError, match="every field by position"):
        Odd()


def late_classes() -> Iterator[Any]:
    """Every late data class of the package."""
    for module in pkgutil.walk_packages(odibi_core.__path__, "odibi_core."):
        if module.name.endswith("__main__"):
            continue
        for kind in vars(importlib.import_module(module.name)).values():
            if isinstance(kind, type) and "_late_fields" in vars(kind) and kind.__module__ == module.name:
                yield kind


def test_the_library_finds_no_fault_with_any_of_ours() -> None:
    found = list(late_classes())
    assert len(found) > 200
    for kind in found:
        # The library looks for mutable defaults and the like where the fields are described.
        assert list(kind.__dataclass_fields__) == list(kind._late_fields)
        if kind.__init__.__code__.co_filename == "<string>":
            assert list(inspect.signature(kind).parameters) == list(kind.__match_args__)
