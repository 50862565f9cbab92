"""Secrets of the machine itself: environment, files, keyring."""

from __future__ import annotations

import os
import re
from pathlib import Path

from odibi_core.errors import MissingPackageError, SecretError
from odibi_core.late_dataclass import dataclass

DOTENV = ".env"
"""The file that is looked into where nobody says otherwise."""

MOUNTED = "/run/secrets"
"""The folder that is."""

MOST_BYTES = 1 << 20
"""A file larger than this is no secret."""

_ASSIGNMENT = r"""[ \t]*(?:export[ \t]+)?(?P<name>[A-Za-z_][A-Za-z0-9_.-]*)[ \t]*=[ \t]*
    (?: '(?P<raw>[^']*)' | "(?P<quoted>(?:[^"\\]|\\.)*)" | (?P<plain>[^\n]*?) )
    [ \t]*(?:(?<![^ \t'"=])\#[^\n]*)?(?:\n|\Z)"""
_NOTHING = r"[ \t]*(?:#[^\n]*)?(?:\n|\Z)"
_SECRETIVE = (
    r"secret|token|passw|passphrase|credential|_pwd|_dsn|(?:api|access|account|private)_?key|_key$"
    r"|connection_?string"
)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}


@dataclass(frozen=True, slots=True)
class Environment:
    """Environment variables."""

    prefix: str = ""

    def place(self, name: str) -> str:
        """Where a secret would be."""
        return f"the environment variable {self.prefix}{name}"

    def find(self, name: str) -> str | None:
        """The value, or None."""
        return os.environ.get(self.prefix + name)

    def names(self) -> list[str]:
        """The variables that have the prefix; without one, those whose names speak of a secret."""
        found = (name.removeprefix(self.prefix) for name in os.environ if name.startswith(self.prefix))
        return sorted(
            name for name in found if name and (self.prefix or re.search(_SECRETIVE, name, re.IGNORECASE))
        )


@dataclass(frozen=True, slots=True)
class DotenvFile:
    """A file of lines NAME=VALUE, read anew each time; nothing in it is put into the environment."""

    path: Path

    def place(self, name: str) -> str:
        """Where a secret would be."""
        return f"{name}=… in {self.path}"

    def find(self, name: str) -> str | None:
        """The value, or None; None too where there is no such file.

        Raises:
            SecretError: The file can't be read, or a line is no assignment.
        """
        text = _read(self.path)
        return None if text is None else parse_dotenv(text, str(self.path)).get(name)

    def names(self) -> list[str]:
        """The names in the file.

        Raises:
            SecretError: The file can't be read, or a line is no assignment.
        """
        text = _read(self.path)
        return [] if text is None else sorted(parse_dotenv(text, str(self.path)))


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder in which each file holds one secret."""

    path: Path

    def place(self, name: str) -> str:
        """Where a secret would be."""
        return f"the file {self.path / name}"

    def find(self, name: str) -> str | None:
        """The content of the file of that name without the line's end behind it, or None.

        Raises:
            SecretError: The file can't be read, or the name leads out of the folder.
        """
        file = self.path / name
        if not file.resolve().is_relative_to(self.path.resolve()):
            raise SecretError(
                f"the secret's name {name!r} leads out of the folder of secrets",
                where=str(self.path),
                fix="use the name of a file in the folder",
            )
        text = _read(file)
        return None if text is None else re.sub(r"\r?\n\Z", "", text)

    def names(self) -> list[str]:
        """The names of the files.

        Raises:
            SecretError: The folder can't be read.
        """
        try:
            return sorted(file.name for file in self.path.iterdir() if _is_secret_file(file))
        except FileNotFoundError:
            return []
        except OSError as error:
            raise _unreadable(self.path, error) from error


@dataclass(frozen=True, slots=True)
class Keyring:
    """The keyring of the operating system."""

    service: str

    def place(self, name: str) -> str:
        """Where a secret would be."""
        return f"the keyring: keyring set {self.service} {name}"

    def find(self, name: str) -> str | None:
        """The value, or None.

        Raises:
            MissingPackageError: The package keyring is not installed.
            SecretError: There is no keyring, or it is locked.
        """
        try:
            import keyring
            from keyring.errors import KeyringError
        except ImportError as error:
            raise MissingPackageError(
                "secrets in the keyring need the package keyring", fix="pip install keyring"
            ) from error
        try:
            return keyring.get_password(self.service, name)
        except KeyringError as error:
            raise SecretError(
                f"the keyring gives nothing: {type(error).__name__}",
                where=f"odibi.toml, secrets, keyring {self.service!r}",
                fix="unlock it, or take the keyring out of [secrets]: a server often has none",
            ) from None

    def names(self) -> list[str]:
        """None: a keyring gives what it is asked for by name, and no list."""
        return []


def parse_dotenv(text: str, where: str) -> dict[str, str]:
    r"""Name → value of a text of lines NAME=VALUE.

    A line may begin with `export`; # begins a comment at the line's begin and after a blank. A value in
    single quotes is taken as it is, one in double quotes may hold \n, \" and other escapes; both may have
    several lines. Nothing is filled in for $NAME.

    Raises:
        SecretError: A line is neither an assignment nor a comment; the error shows none of it.
    """
    nothing, assigned = re.compile(_NOTHING), re.compile(_ASSIGNMENT, re.VERBOSE | re.DOTALL)
    found: dict[str, str] = {}
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    place = 0
    while place < len(text):
        if blank := nothing.match(text, place):
            place = blank.end()
            continue
        assignment = assigned.match(text, place)
        if assignment is None:
            raise SecretError(
                "this line is not NAME=VALUE",
                where=f"{where}, line {text.count(chr(10), 0, place) + 1}",
                fix="write NAME=VALUE, and put a value with a quote or # in it into quotes",
            )
        found[assignment["name"]] = _value(assignment)
        place = assignment.end()
    return found


def _value(assignment: re.Match[str]) -> str:
    if assignment["quoted"] is not None:
        return re.sub(
            r"\\(.)", lambda escape: _ESCAPES.get(escape[1], escape[1]), assignment["quoted"], flags=re.DOTALL
        )
    return assignment["raw"] if assignment["raw"] is not None else assignment["plain"].rstrip()


def _read(path: Path) -> str | None:
    try:
        if not path.is_file():
            return None
        if path.stat().st_size > MOST_BYTES:
            raise SecretError("the file is too large to be a secret", where=str(path))
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        raise SecretError("the file is not UTF-8 text", where=str(path), fix="save it as UTF-8") from None
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> SecretError:
    return SecretError(
        f"it can't be read: {error.strerror}",
        where=str(path),
        fix="let the user that runs the pipeline read it",
    )


def _is_secret_file(file: Path) -> bool:
    # Kubernetes keeps what it mounts in hidden folders beside the links to it.
    return not file.name.startswith(".") and file.is_file()
