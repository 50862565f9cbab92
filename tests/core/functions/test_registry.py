"""Finding functions by registered name and by dotted path."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from odibi_core.errors import FunctionError
from odibi_core.functions import register_function, resolve_function


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Path:
    """An importable package of its own name for each test: `package.name`."""
    folder = tmp_path / f"transforms_{abs(hash(request.node.nodeid))}"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    return folder


def test_a_registered_name_gives_the_function() -> None:
    def double(df: object) -> object:
        return df

    assert register_function("registry.double", double) is double
    assert resolve_function("registry.double") is double


def test_the_decorator_registers_and_leaves_the_function_as_it_is() -> None:
    @register_function("registry.decorated")
    def decorated(df: object) -> object:
        return df

    assert resolve_function("registry.decorated") is decorated
    assert decorated(1) == 1


def test_a_name_taken_twice_is_a_mistake_that_names_the_first_function() -> None:
    def first() -> None: ...
    def second() -> None: ...

    register_function("registry.taken", first)
    register_function("registry.taken", first)
    with pytest.raises(FunctionError, match=r"'registry.taken' is taken by .*test_registry.py:\d+"):
        register_function("registry.taken", second)
    assert resolve_function("registry.taken") is first


def test_two_closures_of_one_def_are_two_functions() -> None:
    def adder(n: int) -> Callable[[], int]:
        return lambda: n

    register_function("registry.closure", adder(1))
    with pytest.raises(FunctionError, match="is taken"):
        register_function("registry.closure", adder(2))


def test_a_reloaded_module_registers_its_functions_again(package: Path) -> None:
    import importlib

    (package / "again.py").write_text(
        "from odibi_core.functions import register_function\n"
        "@register_function('registry.reloaded')\ndef clean(df):\n    return df\n"
    )
    module = importlib.import_module(f"{package.name}.again")
    reloaded = importlib.reload(module)
    assert resolve_function("registry.reloaded") is reloaded.clean


def test_what_cannot_be_called_cannot_be_registered() -> None:
    with pytest.raises(FunctionError, match=r"can't be registered as 'registry\.number'"):
        register_function("registry.number", 3)  # type: ignore[call-overload]


def test_an_unknown_name_gets_the_near_registered_ones() -> None:
    register_function("normalise_orders", lambda df: df)
    with pytest.raises(FunctionError, match="no function is registered as 'normalize_orders'") as caught:
        resolve_function("normalize_orders")
    assert "did you mean 'normalise_orders'?" in caught.value.fix


def test_a_dotted_path_gives_the_function_of_the_module(package: Path) -> None:
    (package / "orders.py").write_text("def clean(df):\n    return df\n")
    assert resolve_function(f"{package.name}.orders.clean").__name__ == "clean"


def test_a_module_outside_the_allowed_prefixes_is_not_imported(package: Path) -> None:
    (package / "trap.py").write_text("raise AssertionError('imported')\n")
    with pytest.raises(FunctionError, match="outside of what this workspace allows") as caught:
        resolve_function(f"{package.name}.trap.run", allowed_prefixes=["transforms"])
    assert package.name not in sys.modules
    assert "'transforms'" in caught.value.fix


def test_a_prefix_allows_whole_names_only(package: Path) -> None:
    (package / "orders.py").write_text("def clean(df):\n    return df\n")
    assert resolve_function(f"{package.name}.orders.clean", [package.name]).__name__ == "clean"
    with pytest.raises(FunctionError, match="outside"):
        resolve_function(f"{package.name}.orders.clean", [package.name[:-1]])


def test_what_an_allowed_module_imported_from_outside_is_not_allowed(package: Path) -> None:
    (package / "leak.py").write_text("from subprocess import run, Popen\n")
    for name in ("run", "Popen"):
        with pytest.raises(FunctionError, match=f"is subprocess.{name}, outside"):
            resolve_function(f"{package.name}.leak.{name}", [package.name])


def test_an_empty_allow_list_still_allows_registered_names() -> None:
    register_function("registry.allowed", print)
    assert resolve_function("registry.allowed", []) is print
    with pytest.raises(FunctionError, match="outside"):
        resolve_function("os.system", [])


def test_an_unknown_function_gets_the_near_names_of_its_module(package: Path) -> None:
    (package / "orders.py").write_text("def clean_orders(df):\n    return df\n")
    with pytest.raises(FunctionError, match="has no function 'clean_order'") as caught:
        resolve_function(f"{package.name}.orders.clean_order")
    assert "did you mean 'clean_orders'?" in caught.value.fix


def test_an_unknown_module_gets_the_near_names_of_its_package(package: Path) -> None:
    (package / "orders.py").write_text("")
    with pytest.raises(FunctionError, match="there is no module") as caught:
        resolve_function(f"{package.name}.ordrs.clean")
    assert "did you mean 'orders'?" in caught.value.fix


def test_an_unknown_package_says_where_python_looks() -> None:
    with pytest.raises(FunctionError, match="there is no module 'no_such_package'") as caught:
        resolve_function("no_such_package.orders.clean")
    assert "on Python's path" in caught.value.fix


def test_something_that_is_no_function_says_what_it_is(package: Path) -> None:
    (package / "orders.py").write_text("limit = 3\n")
    with pytest.raises(FunctionError, match="is a int, not a function"):
        resolve_function(f"{package.name}.orders.limit")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("x = 1\nraise ValueError('no rates today')\n", r"ValueError: no rates today"),
        ("x = 1\ndef broken(:\n", r"SyntaxError: "),
        ("x = 1\nimport no_such_library\n", r"ModuleNotFoundError: No module named 'no_such_library'"),
        ("import sys\nsys.exit(3)\n", r"SystemExit: 3"),
    ],
)
def test_a_module_that_cannot_be_imported_says_why_and_on_which_line(
    package: Path, source: str, message: str
) -> None:
    (package / "broken.py").write_text(source)
    with pytest.raises(FunctionError, match="can't be imported: " + message) as caught:
        resolve_function(f"{package.name}.broken.clean")
    assert caught.value.where == f"{package / 'broken.py'}:2"


@pytest.mark.parametrize("name", ["", ".", "a.", ".b", "a..b", "a b.c", "os.system('x')"])
def test_a_name_that_is_no_path_is_refused(name: str) -> None:
    with pytest.raises(FunctionError, match="no function is registered as"):
        resolve_function(name)
