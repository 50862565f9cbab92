"""Azure Blob Storage and Data Lake Storage Gen2."""

from __future__ import annotations

import os
import re
import weakref
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

from odibi_core.clouds.account import (
    ABSENT,
    PAGE,
    TICKETS,
    Account,
    Object,
    delta_options,
    split_tickets,
)
from odibi_core.clouds.address import Address
from odibi_core.errors import OdibiError
from odibi_core.late_dataclass import dataclass

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

_AT_ONCE = 4
_CONNECT_S, _READ_S = 10, 60
_SCOPE = "https://storage.azure.com/.default"
_AT_AZURE = re.compile(
    r"((dfs|blob)\.)?(?P<domain>core\.(windows\.net|chinacloudapi\.cn|usgovcloudapi\.net))"
)
_THIS_MACHINE = re.compile(r"localhost|[\d.]+|\[[0-9a-fA-F:]+\]")


@dataclass(frozen=True)
class AzureLogin:
    """How a storage account is reached; what is empty comes from Azure's own environment variables.

    Attributes:
        account_name: The storage account, where a URL names none.
        account_key: Its key.
        sas_token: A shared access signature.
        tenant_id: The tenant of a service principal.
        client_id: A service principal, or the managed identity that is meant.
        client_secret: The service principal's secret.
        use_managed_identity: Whether the identity of the machine logs in.
        anonymous: Whether requests are not signed.
        endpoint: The URL of the blob service, where it is not Azure's; `{account}` stands for the account.
    """

    account_name: str = ""
    account_key: str = field(default="", repr=False)
    sas_token: str = field(default="", repr=False)
    tenant_id: str = ""
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    use_managed_identity: bool = False
    anonymous: bool = False
    endpoint: str = ""

    @property
    def has_key(self) -> bool:
        """Whether it is good for one storage account alone."""
        return bool(self.account_key or self.sas_token)

    def or_environment(self) -> AzureLogin:
        """The login with what the environment says, where it says nothing of who logs in."""
        from dataclasses import replace

        found = os.environ.get
        told = replace(
            self,
            account_name=self.account_name or found("AZURE_STORAGE_ACCOUNT_NAME", ""),
            endpoint=self.endpoint or found("AZURE_STORAGE_ENDPOINT", ""),
        )
        if self.has_key or self.client_secret or self.use_managed_identity or self.anonymous:
            return told
        return replace(
            told,
            account_key=found("AZURE_STORAGE_ACCOUNT_KEY", ""),
            sas_token=found("AZURE_STORAGE_SAS_TOKEN", ""),
        )


class AzureAccount(Account):
    """A storage account.

    Args:
        login: How it is reached.
        host: What a URL says of the account; may be empty.

    Raises:
        OdibiError: Nothing says which account, the key is that of another one, or the host is not Azure's.
    """

    provider: ClassVar[str] = "azure"
    extra: ClassVar[str] = "azure"

    def __init__(self, login: AzureLogin, host: str = "") -> None:
        super().__init__()
        login = login.or_environment()
        named = host.partition(".")[0]
        self.login, self._host, self.name = login, host, named or login.account_name
        if not self.name:
            raise OdibiError(
                "nothing says which storage account is meant",
                where="Azure",
                fix="write abfss://container@account.dfs.core.windows.net/path, or give account_name",
            )
        if not is_known(host, login.endpoint):
            raise OdibiError(
                f"{host} is no host of Azure, so no keys are sent there",
                where=f"abfss://…@{host}",
                fix="write account.dfs.core.windows.net, or name the server as the endpoint of a connection",
            )
        if login.has_key and named and login.account_name and named != login.account_name:
            raise OdibiError(
                f"the key is that of the account {login.account_name!r}, and the URL names {named!r}",
                where=host,
                fix="name a connection with the key of that account, or use one account in both places",
            )

    @property
    def endpoint(self) -> str:
        """The URL of the blob service."""
        given = self.login.endpoint.rstrip("/").replace("{account}", self.name)
        if given:
            parts = urlsplit(given)
            # An emulator has no name of its own for each account.
            is_bare = not parts.path and _THIS_MACHINE.fullmatch(parts.hostname or "")
            return f"{given}/{self.name}" if is_bare else given
        found = _AT_AZURE.fullmatch(self._host.lower().partition(".")[2])
        return f"https://{self.name}.blob.{found['domain'] if found else 'core.windows.net'}"

    def _open(self) -> AbstractFileSystem:
        import adlfs
        from azure.storage.blob.aio import BlobServiceClient, ExponentialRetry
        from fsspec.asyn import sync

        filesystem = adlfs.AzureBlobFileSystem(
            account_name=self.name, anon=True, use_listings_cache=False, skip_instance_cache=True
        )
        credential = self._credential(is_async=True)
        if hasattr(credential, "close"):
            weakref.finalize(filesystem, sync, filesystem.loop, credential.close)
        # adlfs knows no endpoint of one's own, and waits a minute for a server that is gone.
        filesystem.service_client = BlobServiceClient(
            self.endpoint,
            credential=credential,
            retry_policy=ExponentialRetry(0, increment_base=2, retry_total=3, random_jitter_range=1),
            connection_timeout=_CONNECT_S,
            read_timeout=_READ_S,
        )
        return filesystem

    def _credential(self, *, is_async: bool) -> Any:
        login = self.login
        if login.anonymous:
            return None
        if login.account_key:
            # As a mapping, since the name in the endpoint's host need not be the account's.
            return {"account_name": self.name, "account_key": login.account_key}
        if login.sas_token:
            from azure.core.credentials import AzureSasCredential

            return AzureSasCredential(login.sas_token.removeprefix("?"))
        if is_async:
            from azure.identity import aio as identity
        else:
            from azure import identity  # type: ignore[no-redef]
        if login.client_secret:
            return identity.ClientSecretCredential(login.tenant_id, login.client_id, login.client_secret)
        if login.use_managed_identity:
            return identity.ManagedIdentityCredential(client_id=login.client_id or None)
        return identity.DefaultAzureCredential()

    def buckets(self) -> list[str]:
        """The names of the containers that it shows."""

        async def names() -> list[str]:
            return [str(found.name) async for found in self.filesystem.service_client.list_containers()]

        found: list[str] = self.call(names)
        return found

    def pages(self, address: Address) -> Iterator[Sequence[Object]]:
        """The objects whose keys begin with the address's key, a page at a time."""
        client = self.filesystem.service_client.get_container_client(address.container)
        pages = client.list_blobs(name_starts_with=address.key or None, results_per_page=PAGE).by_page()
        while True:
            page = self.call(_next_page, pages)
            if page is None:
                return
            yield [
                Object(blob.name, int(blob.size), str(blob.etag).strip('"'))
                for blob in page
                if _is_object(blob)
            ]

    def head(self, address: Address) -> Object | None:
        """The object as it is now; None where there is none."""
        from azure.core.exceptions import ResourceNotFoundError

        blob = self.filesystem.service_client.get_blob_client(address.container, address.key)
        try:
            found = self.call(blob.get_blob_properties)
        except ResourceNotFoundError as error:
            if "ContainerNotFound" in str(error):
                raise
            # A request for the head alone is answered without words: so the container is asked for.
            container = self.filesystem.service_client.get_container_client(address.container)
            self.call(container.get_container_properties)
            return None
        if not _is_object(found):
            return None
        tickets = split_tickets((found.metadata or {}).get(TICKETS))
        return Object(address.key, int(found.size), str(found.etag).strip('"'), tickets)

    def _read_of(self, address: Address, start: int, end: int, state: str) -> bytes:
        from azure.core import MatchConditions

        blob = self.filesystem.service_client.get_blob_client(address.container, address.key)

        async def read() -> bytes:
            stream = await blob.download_blob(
                start, end - start, etag=f'"{state}"', match_condition=MatchConditions.IfNotModified
            )
            content: bytes = await stream.readall()
            return content

        found: bytes = self.call(read)
        return found

    def _put(self, source: Path, address: Address, tickets: Sequence[str], expected: str | None) -> None:
        """Send a file in one request, or in blocks that count together at the end."""
        from azure.core import MatchConditions

        blob = self.filesystem.service_client.get_blob_client(address.container, address.key)
        condition: dict[str, Any] = {"overwrite": expected != ABSENT}
        if expected:
            condition |= {"etag": f'"{expected}"', "match_condition": MatchConditions.IfNotModified}

        async def send() -> None:
            with source.open("rb") as file:
                await blob.upload_blob(
                    file,
                    metadata={TICKETS: ",".join(tickets)} if tickets else None,
                    max_concurrency=_AT_ONCE,
                    **condition,
                )

        self.call(send)

    def _is_conflict(self, error: Exception) -> bool:
        from azure.core.exceptions import ResourceExistsError, ResourceModifiedError

        return isinstance(error, ResourceExistsError | ResourceModifiedError)

    def delta_options(self) -> Mapping[str, str]:
        """What delta-rs needs to reach the account."""
        login = self.login
        told = {
            "azure_storage_account_name": self.name,
            "azure_storage_endpoint": self.endpoint,
            "azure_allow_http": "true" if self.endpoint.startswith("http://") else "",
        }
        if login.anonymous:
            told["azure_skip_signature"] = "true"
        elif login.account_key:
            told["azure_storage_account_key"] = login.account_key
        elif login.sas_token:
            told["azure_storage_sas_token"] = login.sas_token.removeprefix("?")
        elif login.client_secret:
            told |= {
                "azure_storage_tenant_id": login.tenant_id,
                "azure_storage_client_id": login.client_id,
                "azure_storage_client_secret": login.client_secret,
            }
        else:
            # The same identity as everywhere else, by a token that is good for an hour and more.
            with self._credential(is_async=False) as credential:
                told["azure_storage_token"] = credential.get_token(_SCOPE).token
        return delta_options(told)

    def delta_uri(self, address: Address) -> str:
        """The address as delta-rs spells it."""
        return f"az://{address.container}/{address.key}"


def is_known(host: str, endpoint: str = "") -> bool:
    """Whether what a URL says of the account is at Azure, or at the endpoint that a login names."""
    account, _, domain = host.lower().partition(".")
    own = urlsplit(endpoint.replace("{account}", account)).hostname
    return not domain or _AT_AZURE.fullmatch(domain) is not None or host.lower() == own


async def _next_page(pages: AsyncIterator[Any]) -> list[Any] | None:
    try:
        page = await anext(pages)
    except StopAsyncIteration:
        return None
    return [blob async for blob in page]


def _is_object(blob: Any) -> bool:
    """Whether it is no folder, as accounts with a hierarchical namespace list them."""
    return (blob.metadata or {}).get("hdi_isfolder") != "true" and not blob.name.endswith("/")
