"""From what a person says of an account to the account."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import Any

from odibi_core.clouds.account import Account
from odibi_core.clouds.address import Address

Login = Any
"""An S3Login, AzureLogin, GcsLogin or HdfsLogin."""


_ENVIRONMENT = ("AWS_", "AZURE_", "GOOGLE_", "GCLOUD_", "STORAGE_EMULATOR_HOST", "HADOOP_", "KRB5")
"""How the names begin of what the providers' own chains of credentials look at."""


def open_account(provider: str, login: Login | None, address: Address | None = None) -> Account:
    """The account that a login is for, or the one that an address names.

    The same account is given again as long as nothing changes that says how it is reached: to open one takes
    longer than most requests.

    Args:
        provider: "s3", "azure", "gcs", "hdfs" or "local".
        login: How it is reached; the provider's own chain of credentials where None.
        address: What is looked for there.

    Raises:
        OdibiError: The two don't fit.
    """
    host = address.host if address is not None else ""
    if provider == "hdfs" and address is not None:
        host = address.container
    around = tuple(sorted(item for item in os.environ.items() if item[0].startswith(_ENVIRONMENT)))
    return _account(provider, login, host, around)


@lru_cache(maxsize=32)
def _account(provider: str, login: Login | None, host: str, _around: tuple[tuple[str, str], ...]) -> Account:
    match provider:
        case "s3":
            from odibi_core.clouds.s3 import S3Account, S3Login

            return S3Account(login or S3Login())
        case "azure":
            from odibi_core.clouds.azure import AzureAccount, AzureLogin

            return AzureAccount(login or AzureLogin(), host)
        case "gcs":
            from odibi_core.clouds.gcs import GcsAccount, GcsLogin

            return GcsAccount(login or GcsLogin())
        case "hdfs":
            from odibi_core.clouds.hdfs import HdfsAccount, HdfsLogin

            return HdfsAccount(login or HdfsLogin(), host)
        case "local":
            from odibi_core.clouds.local import LocalAccount

            return LocalAccount()
    raise ValueError(provider)
