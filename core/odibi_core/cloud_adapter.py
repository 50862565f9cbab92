"""Object stores by hand and from steps of a program: `CloudAdapter.create("azure", account_name=…)`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Self

from odibi_core.clouds.account import Account, Object
from odibi_core.clouds.accounts import open_account
from odibi_core.clouds.address import PROVIDERS, Address, is_address, parse_address
from odibi_core.clouds.store import Store, glob_expression
from odibi_core.errors import OdibiError, UnknownNameError, did_you_mean
from odibi_core.late_dataclass import dataclass
from odibi_core.secret_store import Secrets

if TYPE_CHECKING:
    from odibi_core.engine_context import PandasEngineContext

_ALSO_CALLED = {
    "access_key_id": "key",
    "aws_access_key_id": "key",
    "secret_access_key": "secret",
    "aws_secret_access_key": "secret",
    "session_token": "token",
    "aws_session_token": "token",
    "region_name": "region",
    "endpoint_url": "endpoint",
    "account_url": "endpoint",
    "credential": "account_key",
    "project_id": "project",
    "anon": "anonymous",
    "namenode": "host",
}
_SECRET = ("account_key", "sas_token", "client_secret", "secret", "token", "credentials")


@dataclass(frozen=True, slots=True, repr=False)
class CloudAdapter:
    """One way to reach an object store. `create` makes it; a step takes it as `params={"cloud_adapter": …}`.

    Attributes:
        provider: "azure", "s3", "gcs", "hdfs" or "local".
        login: How the account is reached.
        secrets: Name → value, or a callable that gives a name's value, for `get_secret`.
    """

    provider: str
    login: Any
    secrets: Secrets | None = None

    @classmethod
    def create(cls, provider: str, *, secrets: Secrets | None = None, **config: Any) -> Self:
        """An adapter. Nothing is reached yet.

        Args:
            provider: One of `list_backends()`.
            secrets: Asked first by `get_secret`; then the workspace's providers are.
            config: What the provider's login takes (docs/cloud.md); the environment gives the rest.

        Raises:
            UnknownNameError: There is no such provider.
            OdibiError: There is no such setting.
        """
        if provider not in cls.list_backends():
            raise UnknownNameError.of("the cloud provider", provider, cls.list_backends())
        kind = _login(provider)
        known = set(getattr(kind, "__dataclass_fields__", {}))
        given = {}
        for name, value in config.items():
            meant = name if name in known else _ALSO_CALLED.get(name, name)
            if meant not in known:
                raise OdibiError(
                    f"there is no setting {name!r} for {provider}",
                    where="CloudAdapter.create",
                    fix=did_you_mean(name, known) or "give it without settings",
                )
            given[meant] = value
        return cls(provider, kind(**given) if kind else None, secrets)

    @staticmethod
    def list_backends() -> list[str]:
        """The names of the providers."""
        return sorted([*PROVIDERS, "local"])

    def account_of(self, address: Address) -> Account:
        """The account that an address is in.

        Raises:
            OdibiError: It is an address of another provider.
        """
        if address.provider != self.provider:
            raise OdibiError(
                f"the adapter is for {self.provider}, and this is a URL of {address.provider}",
                where=str(address),
                fix=f"use CloudAdapter.create({address.provider!r}, …)",
            )
        return open_account(self.provider, self.login, address)

    def hidden(self) -> list[str]:
        """The secrets that it holds, which nothing may show."""
        values = [getattr(self.login, name, "") for name in _SECRET]
        return [value for value in values if value]

    def connect(self) -> Self:
        """The adapter itself, once the account was found to answer.

        Raises:
            OdibiError: It doesn't, or refuses.
        """
        if self.provider != "local":
            address = Address(PROVIDERS[self.provider][0], "", "")
            Store(self.account_of(address)).buckets()
        return self

    def read(self, path: str, **options: Any) -> Any:
        """The rows of an object, a folder or a table as a pandas frame.

        Args:
            path: A URL, or `container/path`; may be a glob.
            options: `source_type`, and what the format's reader takes.

        Raises:
            SourceError: It can't be read.
        """
        with _Opened(self.secrets) as context:
            return context.read(self._url(path), **self._with_adapter(options))

    def write(self, df: Any, path: str, **options: Any) -> int:
        """Write a pandas, Polars or Arrow frame; the number of rows written.

        Args:
            df: The frame.
            path: A URL, or `container/path`.
            options: `format`, `mode`, `partitionBy`, `merge_key`, and what the format's writer takes.

        Raises:
            TargetError: It can't be written.
        """
        with _Opened(self.secrets) as context:
            return context.write(df, self._url(path), **self._with_adapter(options))

    def exists(self, path: str) -> bool:
        """Whether there is an object of that name, or a folder with something in it.

        Raises:
            OdibiError: The store refuses, or can't be reached.
        """
        address = self._address(path)
        store = Store(self.account_of(address))
        return store.head(address) is not None or store.is_folder(address)

    def list(self, path: str, pattern: str | None = None) -> list[str]:
        """The URLs of the objects in a folder and below it, by name.

        Args:
            path: The folder.
            pattern: A glob that the objects' names below the folder match; `**/` goes through folders.

        Raises:
            OdibiError: The store refuses, or can't be reached.
        """
        return [url for url, _ in self.walk(path, pattern)]

    def walk(self, path: str, pattern: str | None = None) -> Iterator[tuple[str, Object]]:
        """The same one by one, with what the store says of each: no more than a page is held at once."""
        folder = self._address(path)
        base = f"{folder.key.rstrip('/')}/".lstrip("/")
        wanted = glob_expression(pattern) if pattern else None
        for found in Store(self.account_of(folder)).inside(folder):
            if wanted is None or wanted.fullmatch(found.key.removeprefix(base)):
                address = folder.at(found.key)
                yield (f"/{address.key}" if self.provider == "local" else str(address)), found

    def delete(self, path: str, *, recursive: bool = False) -> int:
        """Remove an object; how many there were.

        Args:
            path: The object.
            recursive: Whether a folder goes with all that is in it.

        Raises:
            OdibiError: It is a folder, the store refuses, or can't be reached.
        """
        address = self._address(path)
        store, count = Store(self.account_of(address)), 0
        if store.head(address) is not None:
            store.remove([address])
            count = 1
        if not recursive:
            if not count and store.is_folder(address):
                raise OdibiError(
                    "this is a folder", where=str(address), fix="say recursive=True to remove all of it"
                )
            return count
        for found in store.inside(address):
            store.remove([address.at(found.key)])
            count += 1
        return count

    def get_secret(self, key: str) -> str:
        """The value of a secret: of those given, else of the workspace's providers.

        Raises:
            SecretError: There is none of that name.
        """
        with _Opened(self.secrets) as context:
            return context.get_secret(key)

    def __repr__(self) -> str:
        return f"CloudAdapter({self.provider!r}, {self.login!r})"

    def _url(self, path: str) -> str:
        return path if self.provider == "local" else str(self._address(path))

    def _address(self, path: str) -> Address:
        if self.provider == "local":
            from pathlib import Path

            return Address("file", "", str(Path(path.removeprefix("file://")).expanduser().absolute())[1:])
        return parse_address(
            path if is_address(path) else f"{PROVIDERS[self.provider][0]}://{path.lstrip('/')}"
        )

    def _with_adapter(self, options: Mapping[str, Any]) -> dict[str, Any]:
        return dict(options) if self.provider == "local" else {**options, "cloud_adapter": self}


class _Opened:
    """An engine for one call."""

    def __init__(self, secrets: Secrets | None) -> None:
        from odibi_core.engine_context import PandasEngineContext

        self._context = PandasEngineContext(secrets=secrets)

    def __enter__(self) -> PandasEngineContext:
        return self._context

    def __exit__(self, *_: object) -> None:
        self._context.close()


def _login(provider: str) -> Callable[..., Any] | None:
    """What says how an account of the provider is reached."""
    match provider:
        case "s3":
            from odibi_core.clouds.s3 import S3Login

            return S3Login
        case "azure":
            from odibi_core.clouds.azure import AzureLogin

            return AzureLogin
        case "gcs":
            from odibi_core.clouds.gcs import GcsLogin

            return GcsLogin
        case "hdfs":
            from odibi_core.clouds.hdfs import HdfsLogin

            return HdfsLogin
    return None
