"""Who may call the HTTP interface: only pages that this server made itself."""

from __future__ import annotations

import getpass
import hmac
import secrets
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Access:
    """The token of one server process.

    A page gets it over Streamlit's own connection and sends it with each request. No other site can know it,
    so none can make a person's browser call the interface.
    """

    token: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)

    def allows(self, given: str) -> bool:
        """Whether that is the token."""
        return hmac.compare_digest(given.encode(), self.token.encode())


def author_name() -> str:
    """What the versions of this person are signed with: the name of the operating system's user."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
