"""AWS Secrets Manager."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from odibi_core.errors import MissingPackageError, SecretError, TransientError
from odibi_core.secret_providers.settings import SecretsManagerSecrets
from odibi_core.secret_providers.vault_names import VaultName

_TRIES = 3
_BUSY = ("InternalServiceError", "ThrottlingException", "RequestTimeout", "ServiceUnavailable")


class SecretsManager:
    """Secrets of one account and region.

    Args:
        settings: As odibi.toml has them.
    """

    def __init__(self, settings: SecretsManagerSecrets) -> None:
        self._settings = settings

    def place(self, name: str) -> str:
        """Where a secret would be."""
        return f"{self._name(name).name!r} in AWS Secrets Manager"

    def find(self, name: str) -> str | None:
        """The value of the secret's current version, or None.

        Raises:
            MissingPackageError: boto3 is not installed.
            SecretError: The service refuses, or the secret is no text.
            TransientError: The service can't be reached now.
        """
        client = self._client
        from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
        from botocore.exceptions import ConnectionError as Unconnected

        named = self._name(name)
        where = f"AWS Secrets Manager, {named.name!r}"
        try:
            answer = client.get_secret_value(SecretId=named.name)
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", ""))
            if code == "ResourceNotFoundException":
                return None
            if code in _BUSY:
                raise TransientError(f"the service is busy: {code}", where=where) from None
            raise SecretError(
                f"the service refuses: {code}",
                where=where,
                fix="allow secretsmanager:GetSecretValue to the identity that runs the pipeline",
            ) from None
        except (Unconnected, HTTPClientError) as error:
            raise TransientError(
                f"the service can't be reached: {type(error).__name__}",
                where=where,
                fix="check the network, the region and the endpoint",
            ) from None
        except BotoCoreError as error:
            raise SecretError(
                f"the service can't be asked: {type(error).__name__}",
                where=where,
                fix="give credentials and a region in one of AWS's ways, such as AWS_PROFILE and AWS_REGION",
            ) from None
        value = answer.get("SecretString")
        if value is None:
            raise SecretError("the secret is bytes, not text", where=where, fix="keep it there as text")
        return named.of_key(str(value), where)

    def names(self) -> list[str]:
        """Those that the settings name; the service itself is not asked."""
        return sorted(self._settings.names)

    def _name(self, name: str) -> VaultName:
        return VaultName.of(name, self._settings.names, self._settings.prefix + name)

    @cached_property
    def _client(self) -> Any:
        try:
            import boto3
            from botocore.config import Config
            from botocore.exceptions import BotoCoreError
        except ImportError as error:
            raise MissingPackageError(
                "secrets in AWS Secrets Manager need the package boto3", fix="pip install boto3"
            ) from error
        settings = self._settings
        config = Config(
            connect_timeout=settings.timeout_s,
            read_timeout=settings.timeout_s,
            retries={"total_max_attempts": _TRIES},
        )
        try:
            session = boto3.Session(
                profile_name=settings.profile or None, region_name=settings.region or None
            )
            return session.client("secretsmanager", endpoint_url=settings.endpoint_url or None, config=config)
        except BotoCoreError as error:
            raise SecretError(
                f"AWS's configuration is wrong or missing: {error}",
                where="odibi.toml, secrets, aws_secrets_manager",
                fix="set region and profile there, or AWS_REGION and AWS_PROFILE",
            ) from error
