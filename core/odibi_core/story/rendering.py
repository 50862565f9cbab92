"""Runs the code that Jinja made of the templates: to load Jinja itself takes longer than to tell a story."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from operator import itemgetter
from types import SimpleNamespace
from typing import Any, Never

from markupsafe import Markup

from odibi_core.story.wording import pixels

Root = Callable[["Context"], Iterable[str]]

missing = object()


class Templates:
    """What the code of templates asks of Jinja's environment.

    It has the filters and tests that the templates use and no others. A name or an attribute that is not
    there is an error at once.

    Attributes:
        roots: Name of each template → its code.
    """

    filters: Mapping[str, Callable[[Any], Any]] = {
        "length": len,
        "lower": lambda text: text.lower(),
        "px": pixels,
        "safe": Markup,
    }
    tests: Mapping[str, Callable[[Any], bool]] = {"none": lambda value: value is None}
    concat = staticmethod("".join)
    getattr = staticmethod(getattr)

    def __init__(self) -> None:
        self.roots: dict[str, Root] = {}

    def render(self, name: str, names: Mapping[str, Any]) -> str:
        """What a template gives, with `names` for it to use."""
        return "".join(self.roots[name](Context(names)))

    def get_template(self, name: str, _parent: str) -> Template:
        """A template that another one includes or imports."""
        return Template(self.roots[name])

    @staticmethod
    def getitem(values: Any, key: Any) -> Any:
        """The value of a key."""
        return itemgetter(key)(values)

    @staticmethod
    def undefined(*, name: str) -> Never:
        """Nothing.

        Raises:
            NameError: Always.
        """
        raise NameError(f"the story's templates know no {name!r}")


class Context:
    """The names that a template knows, those that it makes, and whether it escapes what it shows."""

    def __init__(self, names: Mapping[str, Any]) -> None:
        self._names = names
        self.vars: dict[str, Any] = {}
        self.exported_vars: set[str] = set()
        self.eval_ctx = SimpleNamespace(autoescape=True)

    def resolve_or_missing(self, name: str) -> Any:
        """What a name stands for, `missing` where it is not known."""
        return self._names.get(name, missing)

    def get_all(self) -> dict[str, Any]:
        """All names and what they stand for."""
        return {**self._names, **self.vars}

    @staticmethod
    def call(function: Callable[..., Any], *values: Any, _loop_vars: object = None) -> Any:
        """What a function gives; none of them asks for the names."""
        return function(*values)


class Template:
    """A template that another one includes or imports."""

    def __init__(self, root: Root) -> None:
        self.root_render_func = root

    @staticmethod
    def new_context(names: Mapping[str, Any], _shared: bool, more: Mapping[str, Any]) -> Context:
        """The names of the template that includes it, with those that it has made until there."""
        known = {name: value for name, value in more.items() if value is not missing}
        return Context({**names, **known})

    def _get_default_module(self, _importing: Context) -> SimpleNamespace:
        context = Context({})
        for _ in self.root_render_func(context):
            pass
        return SimpleNamespace(**context.vars)


class Macro:
    """A macro: what it gives is markup, in which all values are escaped."""

    def __init__(self, _templates: Templates, function: Callable[..., str], *_signature: object) -> None:
        self._function = function

    def __call__(self, *values: Any) -> Markup:
        """What it gives for values."""
        # Jinja's code has escaped what it puts between its own text.
        return Markup(self._function(*values))  # noqa: S704
