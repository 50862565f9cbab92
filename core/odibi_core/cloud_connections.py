"""Connections to object stores: which account, and where in it. Keys are references to secrets."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field, field_validator

from odibi_core.clouds.account import Account
from odibi_core.clouds.accounts import open_account
from odibi_core.clouds.address import Address, is_address, parse_address
from odibi_core.errors import OdibiError
from odibi_core.formats.base import Options
from odibi_core.parameters import Resolver, references, render

_KEY = "Always ${secret:NAME}; "
_FOLDER = Field("", description="The folder in it that a step's value is relative to.")
_ENDPOINT = "The server's URL, where it is not the provider's own: such as that of an emulator."


class CloudConnection(Options):
    """What the kinds of object stores share."""

    kind: str
    path: str = _FOLDER
    scheme: ClassVar[str]

    @property
    def container_name(self) -> str:
        """The bucket or container; "" where the value of a step begins with it."""
        return str(getattr(self, "bucket", ""))

    @property
    def url(self) -> str:
        """Where it leads."""
        return str(self.address(""))

    def address(self, path: str) -> Address:
        """Where something is that a step names: by a path inside, or by a URL of the same kind of store.

        Raises:
            OdibiError: It is the URL of another kind of store, or leads out of the connection's folder.
        """
        if is_address(path):
            given = parse_address(path)
            if given.provider != self.kind:
                raise OdibiError(
                    f"the connection is of kind {self.kind!r}, and the URL is not",
                    where=repr(path),
                    fix="name a connection of the URL's kind, or leave the connection out",
                )
            return given
        parts = [self.container_name, self.path.strip("/"), path.lstrip("/")]
        place = "/".join(part for part in parts if part)
        return parse_address(f"{self.scheme}://{place}")

    def leads_to(self, address: Address) -> bool:
        """Whether something is in what the connection names."""
        return address.provider == self.kind and self.container_name in ("", address.container)

    def account(self, resolve: Resolver, address: Address | None = None) -> Account:
        """The account.

        Args:
            resolve: Gives the secrets and environment variables that are referred to.
            address: What is looked for there.

        Raises:
            SecretError: A secret can't be resolved.
            OdibiError: The address is of another account.
        """
        shown = {name: render(value, resolve) for name, value in self.model_dump().items()}
        return open_account(self.kind, self._login(shown), address)

    @abstractmethod
    def _login(self, shown: dict[str, Any]) -> Any:
        """How the account is reached, from settings whose references were resolved."""


def _only_references(value: str) -> str:
    if value and not any(reference.scheme == "secret" for reference in references(value)):
        raise ValueError("it must be ${secret:NAME}, not the secret itself")
    return value


class S3Connection(CloudConnection):
    """A bucket of S3, or of a server that speaks its language."""

    kind: Literal["s3"] = Field(description="A bucket of S3, or of a server that speaks its language.")
    scheme: ClassVar[str] = "s3"
    bucket: str = Field("", description="The bucket; where empty, a step's value begins with it.")
    region: str = Field("", description="The region.")
    access_key_id: str = Field(
        "",
        description="Who logs in; AWS's own chain (environment, profile, role) where empty.",
    )
    secret_access_key: str = Field("", description=_KEY + "what with.")
    session_token: str = Field("", description=_KEY + "of credentials that expire.")
    profile: str = Field("", description="A profile of AWS's own configuration files.")
    anonymous: bool = Field(False, description="Whether requests are not signed: for public data.")
    endpoint: str = Field("", description=_ENDPOINT)
    path_style: bool = Field(False, description="Whether the bucket is in the path, not in the host's name.")

    _keys = field_validator("secret_access_key", "session_token")(_only_references)

    def _login(self, shown: dict[str, Any]) -> Any:
        from odibi_core.clouds.s3 import S3Login

        return S3Login(
            endpoint=shown["endpoint"],
            region=shown["region"],
            key=shown["access_key_id"],
            secret=shown["secret_access_key"],
            token=shown["session_token"],
            profile=shown["profile"],
            anonymous=self.anonymous,
            path_style=self.path_style,
        )


class AzureConnection(CloudConnection):
    """A container of an Azure storage account: blobs, and Data Lake Storage Gen2."""

    kind: Literal["azure"] = Field(description="A container of an Azure storage account.")
    scheme: ClassVar[str] = "az"
    account_name: str = Field("", description="The storage account; may be left out where URLs name it.")
    container: str = Field("", description="The container; where empty, a step's value begins with it.")
    account_key: str = Field("", description=_KEY + "the account's key.")
    sas_token: str = Field("", description=_KEY + "a shared access signature.")
    tenant_id: str = Field("", description="The tenant of a service principal.")
    client_id: str = Field("", description="The service principal, or the managed identity that is meant.")
    client_secret: str = Field("", description=_KEY + "the service principal's.")
    use_managed_identity: bool = Field(
        False,
        description="Whether the machine's identity logs in; where nothing is given at all, Azure's own "
        "chain of credentials does.",
    )
    anonymous: bool = Field(False, description="Whether requests are not signed: for public data.")
    endpoint: str = Field("", description=_ENDPOINT + " {account} stands for the account.")

    _keys = field_validator("account_key", "sas_token", "client_secret")(_only_references)

    @property
    def container_name(self) -> str:
        """The container; "" where the value of a step begins with it."""
        return self.container

    def leads_to(self, address: Address) -> bool:
        """Whether something is in what the connection names."""
        from odibi_core.clouds.azure import is_known

        is_named = not address.account or self.account_name in ("", address.account)
        return super().leads_to(address) and is_named and is_known(address.host, self.endpoint)

    def _login(self, shown: dict[str, Any]) -> Any:
        from odibi_core.clouds.azure import AzureLogin

        names = AzureLogin.__dataclass_fields__
        return AzureLogin(**{name: value for name, value in shown.items() if name in names})


class GcsConnection(CloudConnection):
    """A bucket of Google Cloud Storage."""

    kind: Literal["gcs"] = Field(description="A bucket of Google Cloud Storage.")
    scheme: ClassVar[str] = "gs"
    bucket: str = Field("", description="The bucket; where empty, a step's value begins with it.")
    project: str = Field("", description="The project.")
    credentials: str = Field(
        "",
        description=_KEY + "the JSON text of a service account's key. Google's own chain where empty.",
    )
    anonymous: bool = Field(False, description="Whether requests are not signed: for public data.")
    endpoint: str = Field("", description=_ENDPOINT)

    _keys = field_validator("credentials")(_only_references)

    def _login(self, shown: dict[str, Any]) -> Any:
        from odibi_core.clouds.gcs import GcsLogin

        names = GcsLogin.__dataclass_fields__
        return GcsLogin(**{name: value for name, value in shown.items() if name in names})


class HdfsConnection(CloudConnection):
    """A cluster of HDFS."""

    kind: Literal["hdfs"] = Field(
        description="A cluster of HDFS. Who asks is said as to Hadoop's own tools: by HADOOP_USER_NAME, "
        "or by Kerberos."
    )
    scheme: ClassVar[str] = "hdfs"
    host: str = Field(
        "",
        description="The name node, or a name service of Hadoop's configuration (HADOOP_CONF_DIR); "
        "what that says where empty.",
    )
    port: int = Field(8020, ge=1, le=65535, description="The port of the name node.")

    def address(self, path: str) -> Address:
        """Where something is that a step names: by a path inside, or by a URL."""
        if is_address(path):
            return super().address(path)
        inside = "/".join(part for part in (self.path.strip("/"), path.lstrip("/")) if part)
        return parse_address(f"hdfs://{f'{self.host}:{self.port}' if self.host else ''}/{inside}")

    def _login(self, shown: dict[str, Any]) -> Any:
        from odibi_core.clouds.hdfs import HdfsLogin

        return HdfsLogin(shown["host"], self.port)


CLOUD_CONNECTIONS: dict[str, type[CloudConnection]] = {
    "s3": S3Connection,
    "azure": AzureConnection,
    "gcs": GcsConnection,
    "hdfs": HdfsConnection,
}
"""Kind → its settings."""


def connections_to(address: Address, connections: Mapping[str, Options]) -> list[str]:
    """The connections for a URL that names none: those with its bucket, else those of its kind."""
    fitting = [
        (bool(each.container_name), name)
        for name, each in connections.items()
        if isinstance(each, CloudConnection) and each.leads_to(address)
    ]
    return [name for is_close, name in fitting if is_close] or [name for _, name in fitting]
