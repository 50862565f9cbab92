"""A folder of an object store, through fsspec: what goes wrong there is an OSError."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from odibi_core.errors import OdibiError, did_you_mean

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

PROTOCOLS = {"azure": "abfs", "s3": "s3", "gcs": "gs", "hdfs": "hdfs", "local": "file", "memory": "memory"}
"""Provider → the name of its file system in fsspec; names of fsspec itself are taken too."""


class ObjectStore:
    """Objects below one path of a file system. One is there whole or not at all.

    Args:
        filesystem: Holds them.
        root: The path; a bucket or container, and what is below it.
    """

    def __init__(self, filesystem: AbstractFileSystem, root: str) -> None:
        self._filesystem, self._root = filesystem, str(filesystem._strip_protocol(root)).rstrip("/")
        # There alone a reader can see half of what is being written.
        self._writes_in_place = not {"file", "hdfs"}.isdisjoint(_protocols(filesystem))

    def get(self, name: str) -> bytes:
        """The content of an object.

        Raises:
            FileNotFoundError: There is none of that name.
            OSError: It can't be read.
        """
        with _as_os_error():
            content: bytes = self._filesystem.cat_file(self._path(name))
            return content

    def fetch(self, name: str, target: Path) -> None:
        """Copy an object to a file.

        Raises:
            FileNotFoundError: There is none of that name.
            OSError: It can't be read.
        """
        with _as_os_error():
            self._filesystem.get_file(self._path(name), str(target))

    def put(self, name: str, content: bytes) -> None:
        """Write an object.

        Raises:
            OSError: It can't be written.
        """
        path = self._path(name)
        with _as_os_error():
            self._make_parent(path)
            if self._writes_in_place:
                draft = f"{path}.tmp-{secrets.token_hex(4)}"
                self._filesystem.pipe_file(draft, content)
                # HDFS has to be told that the old one may go; for files of this machine it always may.
                self._filesystem.mv(draft, path, overwrite=True)
            else:
                self._filesystem.pipe_file(path, content)

    def send(self, source: Path, name: str) -> None:
        """Copy a file to an object that nobody looks for yet.

        Raises:
            OSError: It can't be written.
        """
        path = self._path(name)
        with _as_os_error():
            self._make_parent(path)
            self._filesystem.put_file(str(source), path)

    def remove(self, *names: str) -> None:
        """Remove objects; those that are gone already don't matter.

        Raises:
            OSError: One can't be removed.
        """
        for name in names:
            with _as_os_error():
                try:
                    self._filesystem.rm_file(self._path(name))
                except FileNotFoundError:
                    continue

    def sizes(self, folder: str = "") -> dict[str, int]:
        """Name → size in bytes of every object in a folder and below it.

        Raises:
            OSError: They can't be listed.
        """
        with _as_os_error():
            self._filesystem.invalidate_cache()
            try:
                found = self._filesystem.find(self._path(folder) if folder else self._root, detail=True)
            except FileNotFoundError:
                return {}
        return {path.removeprefix(f"{self._root}/"): int(about["size"] or 0) for path, about in found.items()}

    def modified(self, name: str) -> float:
        """When an object was written, in seconds since 1970.

        Raises:
            FileNotFoundError: There is none of that name.
            OSError: That can't be told.
        """
        with _as_os_error():
            moment = self._filesystem.modified(self._path(name))
        if moment is None:
            raise FileNotFoundError(name)
        known: dt.datetime = moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
        return known.timestamp()

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}"

    def _make_parent(self, path: str) -> None:
        if self._writes_in_place or "memory" in _protocols(self._filesystem):
            self._filesystem.makedirs(path.rpartition("/")[0], exist_ok=True)


def open_filesystem(provider: str, **options: Any) -> AbstractFileSystem:
    """The file system of a provider.

    Args:
        provider: One of `PROTOCOLS`, or a name that fsspec knows.
        options: What that file system takes; what is missing comes from the environment.

    Raises:
        OdibiError: There is no such provider, or its library is not installed.
    """
    import fsspec

    protocol = PROTOCOLS.get(provider, provider)
    options = {"use_listings_cache": False, "skip_instance_cache": True, **options}
    try:
        return fsspec.filesystem(protocol, **options)
    except ImportError as error:
        raise OdibiError(
            f"a library for {provider!r} is missing: {error}",
            where=f"cloud provider {provider!r}",
            fix="install it into the environment of odibi",
        ) from error
    except ValueError as error:
        raise OdibiError(
            f"there is no cloud provider {provider!r}: {error}",
            fix=did_you_mean(provider, PROTOCOLS) or f"give one of {', '.join(PROTOCOLS)}",
        ) from error


def _protocols(filesystem: AbstractFileSystem) -> tuple[str, ...]:
    found = filesystem.protocol
    return (found,) if isinstance(found, str) else tuple(found)


@contextmanager
def _as_os_error() -> Iterator[None]:
    try:
        yield
    except OSError:
        raise
    except Exception as error:  # every library has errors of its own
        raise OSError(f"{type(error).__name__}: {error}") from error
