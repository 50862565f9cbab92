"""Folders of kept results: a manifest that proves itself, and the SHA-256 of every file beside it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

NAME = "manifest.json"


class DamagedError(Exception):
    """What was kept is not what is there."""


def write_manifest(folder: Path, body: Mapping[str, Any]) -> dict[str, Any]:
    """The manifest, written: `body`, and the digest of every file that is in the folder.

    A digest that is in `body["files"]` already is taken as it is.
    """
    known = body.get("files", {})
    files = {
        entry.name: known.get(entry.name)
        or {"sha256": file_digest(entry), "size_bytes": entry.stat().st_size}
        for entry in sorted(folder.iterdir())
    }
    manifest = {**body, "files": files}
    (folder / NAME).write_text(sealed(manifest), encoding="utf-8")
    return manifest


def read_manifest(folder: Path) -> dict[str, Any]:
    """What the manifest of a folder says; the files are not looked at.

    Raises:
        FileNotFoundError: There is no such folder.
        DamagedError: The manifest is missing, or not as it was written.
    """
    if not folder.is_dir():
        raise FileNotFoundError(folder)
    try:
        text = (folder / NAME).read_bytes()
    except FileNotFoundError:
        raise DamagedError(f"{folder.name} has no {NAME}") from None
    return unsealed(text, f"{folder.name}/{NAME}")


def check_file(path: Path, manifest: Mapping[str, Any], name: str) -> None:
    """Return where the file at `path` is what the manifest says of `name`.

    Raises:
        DamagedError: It is not.
    """
    known = manifest["files"].get(name)
    try:
        is_whole = (
            known is not None
            and path.stat().st_size == known["size_bytes"]
            and file_digest(path) == known["sha256"]
        )
    except FileNotFoundError:
        raise DamagedError(f"{name} is missing") from None
    if not is_whole:
        raise DamagedError(f"{name} is not as it was written")


def file_digest(path: Path) -> str:
    """The SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sealed(body: Mapping[str, Any]) -> str:
    """A JSON text that shows whether it was changed."""
    text = _canonical(body)
    return f'{{"sha256":"{hashlib.sha256(text.encode()).hexdigest()}",\n"body":{text}}}\n'


def unsealed(text: bytes, what: str) -> dict[str, Any]:
    """What a sealed text says.

    Raises:
        DamagedError: It was changed.
    """
    try:
        outer = json.loads(text)
        body, digest = outer["body"], outer["sha256"]
    except (ValueError, KeyError, TypeError) as error:
        raise DamagedError(f"{what} is not as it was written") from error
    if not isinstance(body, dict) or hashlib.sha256(_canonical(body).encode()).hexdigest() != digest:
        raise DamagedError(f"{what} is not as it was written")
    return body


def _canonical(body: Mapping[str, Any]) -> str:
    return json.dumps(body, separators=(",", ":"), default=str)
