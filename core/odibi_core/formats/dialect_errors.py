"""What SQLAlchemy's drivers raise, in our words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from odibi_core.errors import MissingPackageError, OdibiError, SourceError, TargetError, TransientError
from odibi_core.formats.servers import lost

_TITLES = re.compile(r"(?:Driver Error: .*?; )?DDBC Error: (?:\[[\w ]+\])*")
"""What SQL Server's driver puts before what the server said."""

_REFUSED = (
    *("login failed", "access denied", "authentication failed", "ora-01017", "invalid credential"),
    "user name and password are not defined",
)
_AGAIN = ("deadlock", "is locked", "lock request time out", "could not serialize", "ora-00060", "ora-30006")
_LOST = (
    "refused",
    "timed out",
    "timeout expired",
    "unreachable",
    "can't connect",
    "cannot connect",
    "could not connect",
    "unable to connect",
    "unable to establish connection",
    "unable to complete login",
    "communication link failure",
    "network-related",
    "name or service not known",
    "connection reset",
    "closed the connection",
    "ora-12541",
    "ora-12170",
    "dpy-6005",
)


@contextmanager
def explained(where: str, kind: type[SourceError | TargetError], dialect: str = "") -> Iterator[None]:
    """Turn SQLAlchemy's and the drivers' errors into ours.

    Args:
        where: What messages call the source or target.
        kind: The error of what no other try mends.
        dialect: Whose words the errors have.
    """
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except (SQLAlchemyError, OSError) as error:
        raise told(error, where, kind, dialect) from error


def told(error: Any, where: str, kind: type[SourceError | TargetError], dialect: str) -> OdibiError:
    """Our error for one of the driver's."""
    from sqlalchemy.exc import DBAPIError, IntegrityError

    origin = getattr(error, "orig", None) or error
    first, *others = str(origin).strip().splitlines() or [type(origin).__name__]
    # Firebird says first what kind of error it is, and behind dashes which one.
    more = [line.removeprefix("-") for line in others if line.startswith("-")]
    message = ": ".join([_TITLES.sub("", first).rstrip(".") or first, *more])
    words = str(origin).lower()
    if "certificate verify failed" in words:
        return kind(
            f"the server's certificate is signed by nobody whom this machine trusts: {message}",
            where=where,
            fix="have the system trust who signed it, or, for SQL Server, do without proof: "
            'options = { TrustServerCertificate = "yes" }',
        )
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return lost(where, message)
    if dialect == "postgresql":
        from odibi_core.formats import postgresql_session

        return postgresql_session.told(origin, where, kind)
    if dialect in ("mysql", "mariadb"):
        from odibi_core.formats import mysql_session

        return mysql_session.told(origin, where, kind)
    if "failed to load the driver" in words:
        return MissingPackageError(
            "the driver of SQL Server can't be loaded: a library that it links to is missing",
            where=where,
            fix="install it with the system's packages: apt-get install libltdl7 libgssapi-krb5-2",
        )
    if "cannot open database" in words:
        return kind(
            f"there is no such database, or the user may not open it: {message}",
            where=where,
            fix="check database and user of the connection",
        )
    if any(word in words for word in _REFUSED):
        return kind(
            f"the server refuses the login: {message}",
            where=where,
            fix="check user and password of the connection, and the secret that it refers to",
        )
    if any(word in words for word in _AGAIN):
        return TransientError(
            f"another writer was in the way: {message}", where=where, fix="another try may pass"
        )
    if isinstance(error, OSError) or any(word in words for word in _LOST):
        return lost(where, message)
    fix = "see to the table and the query"
    if isinstance(error, IntegrityError):
        fix = (
            "use mode 'merge' with merge_key for rows whose key is there already, or leave out rows that "
            "break a rule of the table"
        )
    return kind(f"the database says: {message}", where=where, fix=fix)
