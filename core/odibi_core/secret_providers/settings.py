"""[secrets] of odibi.toml: which providers are asked for a secret, and in which order."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator

from odibi_core.formats.base import Options
from odibi_core.secret_providers.local import DOTENV, MOUNTED


class EnvironmentSecrets(Options):
    """Environment variables of the process that runs the pipeline."""

    kind: Literal["environment"] = Field(description="Environment variables.")
    prefix: str = Field("", description="Stands before the secret's name in the variable's name.")


class DotenvSecrets(Options):
    """A file of lines NAME=VALUE."""

    kind: Literal["dotenv"] = Field(description="A file of lines NAME=VALUE.")
    path: str = Field(DOTENV, min_length=1, description="The file, relative to the workspace.")


class FileSecrets(Options):
    """A folder in which each file holds one secret, as Docker and Kubernetes mount them."""

    kind: Literal["files"] = Field(description="A folder in which each file holds one secret.")
    path: str = Field(MOUNTED, min_length=1, description="The folder, relative to the workspace.")


class KeyringSecrets(Options):
    """The keyring of the operating system; needs the package keyring."""

    kind: Literal["keyring"] = Field(description="The keyring of the operating system.")
    service: str = Field("odibi", min_length=1, description="The service under which the secrets are kept.")


class _NamedSecrets(Options):
    names: dict[str, str] = Field(
        default_factory=dict,
        description="Name in pipelines → name in the vault; `name#key` takes one key of a secret that is a "
        "JSON object.",
    )
    timeout_s: float = Field(10.0, gt=0, description="Seconds to wait for one answer.")


class KeyVaultSecrets(_NamedSecrets):
    """Azure Key Vault, with Azure's own credentials; needs azure-keyvault-secrets and azure-identity."""

    kind: Literal["azure_key_vault"] = Field(description="Azure Key Vault.")
    url: str = Field(description="The vault's URL, such as https://shop.vault.azure.net.")
    managed_identity: str = Field("", description="Client id of the managed identity that asks.")
    verify_domain: bool = Field(
        True, description="Whether the URL must lie in the domain for which the vault wants a token."
    )

    @field_validator("url")
    @classmethod
    def _is_https(cls, url: str) -> str:
        if not url.startswith("https://") or "@" in url:
            raise ValueError("it must be a URL that begins with https:// and holds no credentials")
        return url


class SecretsManagerSecrets(_NamedSecrets):
    """AWS Secrets Manager, with AWS's own credentials; needs boto3."""

    kind: Literal["aws_secrets_manager"] = Field(description="AWS Secrets Manager.")
    region: str = Field("", description="The region; AWS's own configuration says it where it is left out.")
    prefix: str = Field("", description="Stands before the secret's name, such as shop/.")
    profile: str = Field("", description="A profile of AWS's own configuration.")
    endpoint_url: str = Field("", description="Another address of the service, such as an emulator's.")


class CallableSecrets(Options):
    """A Python function that gives a secret's value, or None."""

    kind: Literal["callable"] = Field(description="A Python function.")
    function: str = Field(
        pattern=r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)+$",
        description="Its dotted path, such as vaults.get_secret; it takes the secret's name.",
    )


Provider = Annotated[
    EnvironmentSecrets
    | DotenvSecrets
    | FileSecrets
    | KeyringSecrets
    | KeyVaultSecrets
    | SecretsManagerSecrets
    | CallableSecrets,
    Field(discriminator="kind"),
]
"""One place where secrets are."""

PROVIDERS: dict[str, type[Options]] = {
    "environment": EnvironmentSecrets,
    "dotenv": DotenvSecrets,
    "files": FileSecrets,
    "keyring": KeyringSecrets,
    "azure_key_vault": KeyVaultSecrets,
    "aws_secrets_manager": SecretsManagerSecrets,
    "callable": CallableSecrets,
}


class SecretSettings(Options):
    """[secrets]: where `${secret:NAME}` is looked for."""

    providers: tuple[Provider, ...] = Field(
        (
            EnvironmentSecrets(kind="environment", prefix=""),
            DotenvSecrets(kind="dotenv", path=DOTENV),
            FileSecrets(kind="files", path=MOUNTED),
        ),
        description="Asked in this order; the first that has the secret gives it. By default the "
        "environment, the file .env and the folder /run/secrets.",
    )
