"""How pipelines' names of secrets lead to those of a vault."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import NamedTuple

from odibi_core.errors import SecretError, did_you_mean


class VaultName(NamedTuple):
    """A secret in a vault.

    Attributes:
        name: Its name there.
        key: The key of a JSON object that is meant, or "".
    """

    name: str
    key: str

    @classmethod
    def of(cls, name: str, names: Mapping[str, str], plain: str) -> VaultName:
        """The place of a secret: by the settings, else under a name that is made from its own.

        Args:
            name: As pipelines have it.
            names: Name in pipelines → `name` or `name#key` in the vault.
            plain: The name where the settings say none.
        """
        given, _, key = names.get(name, plain).partition("#")
        return cls(given, key)

    def of_key(self, value: str, where: str) -> str:
        """The part of a secret's value that is meant.

        Raises:
            SecretError: A key is asked for, and the value is no JSON object that has it.
        """
        if not self.key:
            return value
        try:
            content = json.loads(value)
        except ValueError:
            content = None
        if not isinstance(content, dict):
            raise SecretError(
                f"the secret {self.name!r} is no JSON object, so that it has no key {self.key!r}",
                where=where,
                fix="leave out #key to take the whole secret",
            )
        if self.key not in content:
            raise SecretError(
                f"the secret {self.name!r} has no key {self.key!r}",
                where=where,
                fix=did_you_mean(self.key, content),
            )
        return str(content[self.key])
