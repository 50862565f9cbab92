"""The providers of a workspace, opened in their order."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from odibi_core.errors import OdibiError, SecretError
from odibi_core.late_dataclass import dataclass
from odibi_core.secret_providers.local import DOTENV, MOUNTED, DotenvFile, Environment, Folder, Keyring
from odibi_core.secret_store import SecretProvider

if TYPE_CHECKING:
    from odibi_core.secret_providers.settings import Provider, SecretSettings


def open_providers(settings: SecretSettings | None, root: Path) -> Sequence[SecretProvider]:
    """The providers in the order in which they are asked. Nothing is read or reached yet.

    Args:
        settings: As odibi.toml has them; None where it has none.
        root: What paths are relative to.
    """
    if settings is None:
        return [Environment(""), DotenvFile(root / DOTENV), Folder(root / MOUNTED)]
    return [_open(provider, root) for provider in settings.providers]


def _open(provider: Provider, root: Path) -> SecretProvider:
    from odibi_core.secret_providers.aws import SecretsManager
    from odibi_core.secret_providers.azure import KeyVault
    from odibi_core.secret_providers.settings import (
        CallableSecrets,
        DotenvSecrets,
        EnvironmentSecrets,
        FileSecrets,
        KeyringSecrets,
        KeyVaultSecrets,
        SecretsManagerSecrets,
    )

    match provider:
        case EnvironmentSecrets():
            return Environment(provider.prefix)
        case DotenvSecrets():
            return DotenvFile(root / Path(provider.path).expanduser())
        case FileSecrets():
            return Folder(root / Path(provider.path).expanduser())
        case KeyringSecrets():
            return Keyring(provider.service)
        case KeyVaultSecrets():
            return KeyVault(provider)
        case SecretsManagerSecrets():
            return SecretsManager(provider)
        case CallableSecrets():
            return Function(provider.function)


@dataclass(frozen=True, slots=True)
class Function:
    """A Python function that gives a secret's value."""

    path: str

    def place(self, name: str) -> str:
        """Where a secret would be."""
        return f"{self.path}({name!r})"

    def find(self, name: str) -> str | None:
        """The value; None where the function raises a KeyError or gives None.

        Raises:
            SecretError: The function can't be imported.
        """
        try:
            value: Any = self._function()(name)
        except KeyError:
            return None
        # Whatever else it is, the store looks at it.
        return value  # type: ignore[no-any-return]

    def names(self) -> list[str]:
        """None: the function alone knows."""
        return []

    def _function(self) -> Callable[[str], Any]:
        module, _, attribute = self.path.rpartition(".")
        try:
            found = getattr(importlib.import_module(module), attribute)
        except OdibiError:
            raise
        except (ImportError, AttributeError) as error:
            raise SecretError(
                f"the function can't be imported: {error}",
                where=f"odibi.toml, secrets, function {self.path!r}",
                fix="give the dotted path of a function in a module of the workspace or an installed one",
            ) from error
        if not callable(found):
            raise SecretError(
                "this is no function",
                where=f"odibi.toml, secrets, function {self.path!r}",
                fix="give the dotted path of a function that takes the secret's name",
            )
        return found  # type: ignore[no-any-return]
