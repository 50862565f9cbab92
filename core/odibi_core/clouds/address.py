"""Addresses of objects: `s3://bucket/key`, `abfss://container@account…/key`, `gs://bucket/key`, `hdfs://…`."""

from __future__ import annotations

import re
from dataclasses import replace

from odibi_core.errors import OdibiError
from odibi_core.late_dataclass import dataclass

PROVIDERS = {
    "s3": ("s3", "s3a", "s3n"),
    "azure": ("az", "abfss", "abfs", "azure", "wasbs", "wasb"),
    "gcs": ("gs", "gcs"),
    "hdfs": ("hdfs",),
}
"""Provider → the schemes of its URLs, the usual one first."""

_SCHEMES = {scheme: provider for provider, schemes in PROVIDERS.items() for scheme in schemes}
_LOCAL = "file"
"""Of addresses of files of this machine, which no URL is parsed to: those are paths for everyone else."""

_URL = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<host>[^/]*)/*(?P<key>.*)", re.DOTALL)
_HOST = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
_MAGIC = re.compile(r"[*?[]")


@dataclass(frozen=True, slots=True)
class Address:
    """Where an object, or what begins like it, is.

    Attributes:
        scheme: The URL's scheme, as it was written.
        container: The bucket or container; of HDFS the name node, which may be empty.
        key: The object's name in it, without a slash before it; may be a pattern or a folder's name.
        host: What an Azure URL says of the account, such as `shop.dfs.core.windows.net`; else "".
    """

    scheme: str
    container: str
    key: str
    host: str = ""

    @property
    def provider(self) -> str:
        """The provider's name."""
        return "local" if self.scheme == _LOCAL else _SCHEMES[self.scheme]

    @property
    def account(self) -> str:
        """The account that an Azure URL names; "" where it names none."""
        return self.host.partition(".")[0]

    @property
    def name(self) -> str:
        """The last part of the key."""
        return self.key.rstrip("/").rpartition("/")[2]

    @property
    def is_pattern(self) -> bool:
        """Whether the key is a glob."""
        return _MAGIC.search(self.key) is not None

    @property
    def fixed(self) -> str:
        """The folder's part of the key that no pattern is in, with a slash at its end unless it is empty."""
        found = _MAGIC.search(self.key)
        before = self.key if found is None else self.key[: found.start()]
        folder = before.rpartition("/")[0]
        return f"{folder}/" if folder else ""

    def at(self, key: str) -> Address:
        """Another object of the same container."""
        return replace(self, key=key)

    def __truediv__(self, name: str) -> Address:
        return self.at(f"{self.key.rstrip('/')}/{name}".lstrip("/"))

    def __str__(self) -> str:
        place = f"{self.container}@{self.host}" if self.host else self.container
        return f"{self.scheme}://{place}/{self.key}"


def is_address(text: object) -> bool:
    """Whether a text is the URL of something on an object store."""
    found = _URL.match(text) if isinstance(text, str) else None
    return found is not None and found["scheme"].lower() in _SCHEMES


def parse_address(text: str) -> Address:
    """The address that a URL stands for.

    Raises:
        OdibiError: It is no such URL, or names no bucket or container.
    """
    found = _URL.match(text)
    scheme = found["scheme"].lower() if found else ""
    if found is None or scheme not in _SCHEMES:
        known = ", ".join(f"{schemes[0]}://" for schemes in PROVIDERS.values())
        raise OdibiError("this is no URL of an object store", where=repr(text), fix=f"begin it with {known}")
    container, _, host = found["host"].rpartition("@")
    if not container:
        container, host = host, ""
    if (":" in container or ":" in host) and _SCHEMES[scheme] != "hdfs":
        raise OdibiError(
            "a URL must hold no credentials and no port",
            where=f"{scheme}://…",
            fix="give them with a connection in odibi.toml, secrets as ${secret:NAME}",
        )
    if host and not _HOST.fullmatch(host):
        raise OdibiError(
            "the URL names no account",
            where=repr(text),
            fix=f"write {scheme}://container@account.dfs.core.windows.net/path",
        )
    if not container and _SCHEMES[scheme] != "hdfs":
        word = "container" if _SCHEMES[scheme] == "azure" else "bucket"
        raise OdibiError(f"the URL names no {word}", where=repr(text), fix=f"write {scheme}://{word}/path")
    if re.search(r"(^|/)\.\.?(/|$)", found["key"]):
        raise OdibiError("the URL leads through . or ..", where=text, fix="write the object's whole name")
    return Address(scheme, container, re.sub(r"/{2,}", "/", found["key"]), host)
