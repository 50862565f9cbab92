"""Secrets: what `${secret:NAME}` stands for, and how its value is kept out of everything people read."""

from __future__ import annotations

import base64
import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol
from urllib.parse import quote, quote_plus

from odibi_core.errors import OdibiError, PipelineInvalidError, SecretError, TransientError, did_you_mean
from odibi_core.late_logging import logger

HIDDEN = "***"
SHORTEST_HIDDEN = 4
_SHORTEST_LINE = 8


Secrets = Mapping[str, str] | Callable[[str], str]


class SecretProvider(Protocol):
    """A place where secrets are."""

    def place(self, name: str) -> str:
        """Where a secret of this name would be, in words that follow "put it into"."""

    def find(self, name: str) -> str | None:
        """The value, or None where it is not here.

        Raises:
            OdibiError: The place can't be asked.
        """

    def names(self) -> Sequence[str]:
        """The names of secrets that are here, as far as the machine itself knows them.

        Raises:
            OdibiError: The place can't be asked.
        """


class Redactor:
    """Replaces secret values by "***", in every form in which they come up.

    The forms are: raw, URL-quoted, base64 (also inside a longer encoded text, such as a Basic
    authorization header), JSON-escaped, as `repr` writes text and bytes, and with SQL's doubled quotes; of
    a value of several lines, each line of 8 characters or more too.

    A value shorter than 4 characters is not hidden: hiding every "a" or "42" would ruin what people read
    and give the value away by the gaps. As long as no secret is known, nothing is looked at or copied.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._forms: set[str] = set()
        self._pattern: re.Pattern[str] | None = None

    @property
    def known_forms(self) -> int:
        """How many forms of secrets are hidden; more than before where another secret became known."""
        return len(self._forms)

    def add(self, value: str) -> bool:
        """Whether the value is hidden from now on: False where it is too short."""
        if len(value) < SHORTEST_HIDDEN:
            return False
        with self._lock:
            self._forms.update(form for form in _forms(value) if len(form) >= SHORTEST_HIDDEN)
            longest_first = sorted(self._forms, key=len, reverse=True)
            self._pattern = re.compile("|".join(map(re.escape, longest_first)))
        return True

    def text(self, text: str) -> str:
        """The text without secrets."""
        return self._pattern.sub(HIDDEN, text) if self._pattern else text

    def value(self, value: Any) -> Any:
        """The value without secrets: texts, and those inside mappings, lists, tuples and sets, are replaced.

        Objects of other kinds come back as they are.
        """
        return self._hide(value) if self._pattern else value

    def error(self, error: OdibiError) -> OdibiError:
        """The error itself, from now on without secrets in its texts; a cause that shows one is let go of."""
        if self._pattern is None:
            return error
        error.what, error.where, error.fix = map(self.text, (error.what, error.where, error.fix))
        error.args = self.value(error.args)
        if isinstance(error, PipelineInvalidError):
            error.problems = [
                replace(problem, what=self.text(problem.what), fix=self.text(problem.fix))
                for problem in error.problems
            ]
        cause = error.__cause__ or error.__context__
        if isinstance(cause, OdibiError):
            self.error(cause)
        elif cause is not None and any(self.text(str(link)) != str(link) for link in _chain(cause)):
            error.__cause__ = error.__context__ = None
        return error

    def _hide(self, value: Any) -> Any:
        match value:
            case str():
                return self.text(value)
            case bytes() | bytearray():
                return self.text(value.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
            case Mapping():
                return {self._hide(key): self._hide(item) for key, item in value.items()}
            case list():
                return [self._hide(item) for item in value]
            case tuple():
                return tuple(self._hide(item) for item in value)
            case set() | frozenset():
                return {self._hide(item) for item in value}
        return value


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        yield error
        seen.add(id(error))
        error = error.__cause__ or error.__context__


class SecretStore:
    """Resolves secrets for one run. Each is asked for once, and hidden from then on.

    Args:
        secrets: Name → value, or a callable that gives the value of a name (a `KeyError` or None says that
            it has none).
        redactor: Learns each value that is resolved.
        providers: Asked in their order for what is not found there.
    """

    def __init__(
        self,
        secrets: Secrets | None = None,
        redactor: Redactor | None = None,
        providers: Sequence[SecretProvider] = (),
    ) -> None:
        self.redactor = redactor or Redactor()
        self._providers = providers
        self._secrets = secrets if secrets is not None else {}
        self._resolved: dict[str, str] = {}
        self._lock = threading.Lock()

    def resolve(self, name: str) -> str:
        """The value of a secret.

        Raises:
            SecretError: There is none, it is empty, or it is not text. The error never holds a value.
            TransientError: Where it is asked for, it may pass on another try.
            MissingPackageError: A provider needs a package.
        """
        with self._lock:
            if name not in self._resolved:
                value = self._find(name)
                if not self.redactor.add(value):
                    logger(__name__).warning(
                        "the secret %r is shorter than %d characters, too short to be hidden in logs",
                        name,
                        SHORTEST_HIDDEN,
                    )
                self._resolved[name] = value
            return self._resolved[name]

    def _find(self, name: str) -> str:
        value: Any = _guarded(
            name, self._given, "see to the callable that is given as secrets", TransientError
        )
        for provider in self._providers:
            if value is not None:
                break
            value = _guarded(name, provider.find, f"see to {provider.place(name)}", OdibiError)
        if value is None:
            raise SecretError(f"the secret {name!r} is not given", fix=self._how_to_give(name))
        if not isinstance(value, str):
            raise SecretError(
                f"the secret {name!r} is of type {type(value).__name__}, not text", fix="give it as text"
            )
        if not value:
            raise SecretError(f"the secret {name!r} is empty", fix=self._how_to_give(name))
        return value

    def _given(self, name: str) -> Any:
        if isinstance(self._secrets, Mapping):
            return self._secrets.get(name)
        return self._secrets(name)

    def _how_to_give(self, name: str) -> str:
        places = [f"secrets={{{name!r}: …}}", *(provider.place(name) for provider in self._providers)]
        ways = "put it into " + ", or ".join(places)
        known = self._secrets if isinstance(self._secrets, Mapping) else {}
        hint = did_you_mean(name, known)
        return f"{hint} Else {ways}" if hint.startswith("did you mean") else ways


def _guarded(name: str, find: Callable[[str], Any], fix: str, trusted: type[OdibiError]) -> Any:
    """What `find` gives; of its errors, only the trusted ones are told with their message."""
    try:
        return find(name)
    except KeyError:
        return None
    except trusted:
        raise
    except Exception as error:  # noqa: BLE001 - the message or the traceback may hold a value
        raise SecretError(
            f"asking for the secret {name!r} failed with {type(error).__name__}", fix=fix
        ) from None


def _forms(value: str) -> Iterator[str]:
    yield from _written_forms(value)
    lines = value.splitlines()
    if len(lines) > 1:
        for line in lines:
            if len(line) >= _SHORTEST_LINE:
                yield from _written_forms(line)


def _written_forms(value: str) -> Iterator[str]:
    yield value
    for quoted in (quote(value, safe="", errors="replace"), quote(value, errors="replace")):
        yield quoted
        yield re.sub("%[0-9A-F]{2}", lambda escape: escape[0].lower(), quoted)
    yield quote_plus(value, errors="replace")
    yield json.dumps(value)[1:-1]
    yield json.dumps(value, ensure_ascii=False)[1:-1]
    raw = value.encode("utf-8", "surrogatepass")
    for written in (repr(value), repr(raw)[1:]):
        yield written[1:-1]
    # With a double quote before it, `repr` has to escape the single quotes of the value.
    yield repr('"' + value)[2:-1]
    yield repr(b'"' + raw)[3:-1]
    yield value.replace("'", "''")
    yield value.replace('"', '""')
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        yield encode(raw).decode()
        yield encode(raw).decode().rstrip("=")
        for shift in range(3):
            yield _encoded_inside(raw, shift, encode)


def _encoded_inside(raw: bytes, shift: int, encode: Callable[[bytes], bytes]) -> str:
    """The base64 characters that are of `raw` alone where it begins `shift` bytes into a group of three."""
    first = -(-shift * 8 // 6)
    last = (shift + len(raw)) * 8 // 6
    return encode(b"\0" * shift + raw).decode()[first:last]
