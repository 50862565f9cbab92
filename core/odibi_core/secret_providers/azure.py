"""Azure Key Vault."""

from __future__ import annotations

import logging
from functools import cached_property
from typing import TYPE_CHECKING

from odibi_core.errors import MissingPackageError, OdibiError, SecretError, TransientError
from odibi_core.secret_providers.settings import KeyVaultSecrets
from odibi_core.secret_providers.vault_names import VaultName

if TYPE_CHECKING:
    from azure.keyvault.secrets import SecretClient

_RETRIES = 2


class KeyVault:
    """Secrets of one vault. A name's underscores, which the vault doesn't allow, stand there as hyphens.

    Args:
        settings: As odibi.toml has them.
    """

    def __init__(self, settings: KeyVaultSecrets) -> None:
        self._settings = settings

    def place(self, name: str) -> str:
        """Where a secret would be."""
        return f"{self._name(name).name!r} in {self._settings.url}"

    def find(self, name: str) -> str | None:
        """The value of the secret's latest version, or None.

        Raises:
            MissingPackageError: Azure's packages are not installed.
            SecretError: The vault refuses.
            TransientError: The vault can't be reached now.
        """
        client = self._client
        from azure.core.exceptions import (
            AzureError,
            ClientAuthenticationError,
            HttpResponseError,
            ResourceNotFoundError,
        )

        named = self._name(name)
        try:
            value = client.get_secret(named.name).value
        except ResourceNotFoundError:
            return None
        except ClientAuthenticationError as error:
            raise self._refused("the credentials are refused, or there are none", error) from None
        except HttpResponseError as error:
            if error.status_code and error.status_code < 500 and error.status_code not in (408, 429):
                raise self._refused(f"status {error.status_code}", error) from None
            raise self._unreachable(f"status {error.status_code}") from None
        except AzureError as error:
            raise self._unreachable(type(error).__name__) from None
        return None if value is None else named.of_key(value, self._settings.url)

    def names(self) -> list[str]:
        """Those that the settings name; the service itself is not asked."""
        return sorted(self._settings.names)

    def _name(self, name: str) -> VaultName:
        return VaultName.of(name, self._settings.names, name.replace("_", "-"))

    @cached_property
    def _client(self) -> SecretClient:
        try:
            from azure.identity import DefaultAzureCredential
            from azure.keyvault.secrets import SecretClient
        except ImportError as error:
            raise MissingPackageError(
                "secrets in Azure Key Vault need packages of Azure",
                fix="pip install azure-keyvault-secrets azure-identity",
            ) from error
        # Azure's libraries log every request and each credential that was tried.
        logging.getLogger("azure").setLevel(logging.ERROR)
        settings = self._settings
        more = {"managed_identity_client_id": settings.managed_identity} if settings.managed_identity else {}
        return SecretClient(
            settings.url,
            DefaultAzureCredential(exclude_interactive_browser_credential=True, **more),
            verify_challenge_resource=settings.verify_domain,
            connection_timeout=settings.timeout_s,
            read_timeout=settings.timeout_s,
            retry_total=_RETRIES,
        )

    def _refused(self, reason: str, error: Exception) -> OdibiError:
        return SecretError(
            f"the key vault refuses: {reason} ({type(error).__name__})",
            where=self._settings.url,
            fix="log in with `az login`, set AZURE_CLIENT_ID and its like, or give the identity the role "
            "Key Vault Secrets User",
        )

    def _unreachable(self, detail: str) -> OdibiError:
        return TransientError(
            f"the key vault can't be reached: {detail}",
            where=self._settings.url,
            fix="check the URL, the network, and that the vault is up",
        )
