"""What went wrong at an object store, in the words of a person."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager

from odibi_core.errors import OdibiError, SourceError, StepError, TargetError, TransientError

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_NO_CONTAINER = (
    "NoSuchBucket",
    "ContainerNotFound",
    "The specified bucket does not exist",
    "No such container",
)
_REFUSED = (
    *("InvalidAccessKeyId", "SignatureDoesNotMatch", "AuthenticationFailed", "InvalidAuthenticationInfo"),
    *("InvalidToken", "ExpiredToken", "invalid_grant", "NoAuthenticationInformation", "invalid_client"),
    *("TokenRefreshRequired", "UnrecognizedClient", "Invalid Credentials", "InvalidSecurity"),
    *("Server failed to authenticate", "Incorrect padding", "UnauthorizedAccess"),
)
_NO_CREDENTIALS = (
    *("NoCredentialsError", "CredentialUnavailableError", "DefaultCredentialsError", "ProfileNotFound"),
    *("PartialCredentialsError", "Unable to locate credentials", "ClientAuthenticationError", "RefreshError"),
    *("EC2 instance metadata", "failed to retrieve a token", "not retrieve a token"),
)
_FORBIDDEN = (
    *("AccessDenied", "AuthorizationFailure", "AuthorizationPermissionMismatch", "Forbidden"),
    "AccessControlException",
)
_PASSING = (
    *("EndpointConnectionError", "ConnectTimeoutError", "ReadTimeoutError", "ConnectionClosedError"),
    *("ClientConnectorError", "ServerDisconnectedError", "ClientPayloadError", "ClientOSError"),
    *("ServiceRequestError", "ServiceResponseError", "IncompleteRead", "HTTPClientError", "TransportError"),
    *("SlowDown", "ServerBusy", "InternalError", "ServiceUnavailable", "RequestTimeout", "OperationTimedOut"),
    *("ResponseStreamingError", "ClientConnectionError", "FSTimeoutError", "TooManyRequests"),
    *(
        "error sending request",
        "connection closed",
        "Connection refused",
        "operation timed out",
        "tcp connect",
    ),
    *("error decoding response body", "Server Error", "IncompleteReadError", "error trying to connect"),
    *("RPC listener disconnected", "Connection reset", "No route to host", "failed to lookup address"),
    *("SafeModeException", "StandbyException", "RetriableException", "could only be written to 0"),
)
_KERBEROS = re.compile(
    r"GSSAPI ?error(?:\(.*?, \d+, \"(?P<minor>[^\"]*)\"|[\s:↳]*GssMajorCodes\([^)]*\) \d+ (?P<major>[^\n]*))",
    re.DOTALL | re.IGNORECASE,
)
"""How hdfs-native, and delta-rs with it, tell what Kerberos said."""

_MINOR = re.compile(r"Minor code may provide more information(?:: )?(?P<what>.*)")
"""How Kerberos begins to tell of most that goes wrong."""

_RPC = re.compile(r"""RPCError\("[\w.$]+", "(?P<said>(?:[^"\\]|\\.)*)"\)""", re.DOTALL)
"""How hdfs-native tells what a name node said: the class, and the message with the stack behind it."""


def explain(error: BaseException, where: str, kind: type[StepError] = SourceError) -> OdibiError:
    """What a library raised, as an error that says what, where and how to mend it.

    Args:
        error: What was raised.
        where: The address that it is about.
        kind: SourceError or TargetError, for what will not pass on another try.
    """
    if isinstance(error, OdibiError):
        return error
    links = list(_chain(error))
    text = " | ".join(f"{type(link).__name__} {_code(link)} {link}" for link in links)

    def tells(signs: tuple[str, ...]) -> bool:
        return any(sign in text for sign in signs)

    if tells(_NO_CONTAINER):
        return kind(
            "there is no such bucket or container",
            where=where,
            fix="check its name and the account, or make it; steps make none",
        )
    if tells(_REFUSED):
        return kind(
            f"the store refuses the credentials{_said(links)}",
            where=where,
            fix="check the keys of the connection, and the secrets they refer to",
        )
    if tells(("CERTIFICATE_VERIFY_FAILED", "invalid peer certificate")):
        return kind(
            "the server's certificate is signed by nobody whom this machine trusts",
            where=where,
            fix="check the endpoint, or set SSL_CERT_FILE to the certificate that signed it",
        )
    if kerberos := _KERBEROS.search(_COLOURS.sub("", text)):
        return _without_ticket(kerberos, where, kind)
    if _is_passing(links) or tells(_PASSING):
        return TransientError(
            f"the store can't be reached, or broke off{_said(links)}",
            where=where,
            fix="check the network and the connection's endpoint; another try may pass"
            # So ends a cluster with Kerberos what was said to it without.
            + ("; a cluster with Kerberos needs HADOOP_CONF_DIR" if tells(("RPC listener",)) else ""),
        )
    if tells(_NO_CREDENTIALS):
        return kind(
            "no credentials were found that the store would take",
            where=where,
            fix="name a connection with keys, or log in as the provider's own tools do (docs/cloud.md)",
        )
    if any(isinstance(link, PermissionError) for link in links) or tells(_FORBIDDEN):
        doing = "write" if kind is TargetError else "read"
        return kind(
            f"the store doesn't allow to {doing} here{_said(links)}",
            where=where,
            fix=f"give the one who logs in the right to {doing}, or use another connection",
        )
    if any(isinstance(link, FileNotFoundError) for link in links):
        return kind("there is no such object", where=where, fix="check the name; capitals matter")
    if any(isinstance(link, OSError) and link.errno == errno.ENOSPC for link in links):
        return kind(
            "the disk of this machine is full",
            where=where,
            fix="free some space in the workspace's .odibi folder: what is read or written passes through it",
        )
    return kind(f"the store answered with an error{_said(links) or f': {type(error).__name__}'}", where=where)


def _without_ticket(found: re.Match[str], where: str, kind: type[StepError]) -> OdibiError:
    said = found["minor"] or found["major"]
    if minor := _MINOR.search(said):
        # delta-rs leaves out what it is.
        said = minor["what"] or "the ticket may have expired"
    if "Cannot contact any KDC" in said:
        return TransientError(
            f"the server of Kerberos can't be reached: {said}",
            where=where,
            fix="check the network and krb5.conf; another try may pass",
        )
    return kind(
        f"Kerberos lets nobody in: {said}",
        where=where,
        fix="get a ticket for the user who runs this (kinit), or name with KRB5CCNAME where it is",
    )


@contextmanager
def explained(where: object, kind: type[StepError] = SourceError) -> Iterator[None]:
    """Turn what libraries raise within it into errors that a person understands."""
    from odibi_core.clouds.account import ConflictError, NoConditionsError

    try:
        yield
    except (OdibiError, ConflictError, NoConditionsError):
        raise
    except Exception as error:  # every library has errors of its own
        raise explain(error, str(where), kind) from error


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        yield error
        seen.add(id(error))
        error = error.__cause__ or error.__context__


def _code(error: BaseException) -> str:
    response = getattr(error, "response", None)
    if isinstance(response, dict):
        return str(response.get("Error", {}).get("Code", ""))
    return str(getattr(error, "error_code", "") or "")


def _is_passing(links: list[BaseException]) -> bool:
    for link in links:
        if isinstance(link, ConnectionError | TimeoutError):
            return True
        status = str(getattr(link, "status_code", None) or getattr(link, "code", None))
        if status.isdigit() and (int(status) == 429 or int(status) >= 500):
            return True
    return False


def _said(links: list[BaseException]) -> str:
    """What the store said, in one short line."""
    for link in links:
        lines = _lines(str(getattr(link, "message", "") or link))
        # delta-rs tells a reason a line, the deepest one last.
        is_tree = any("↳" in line for line in lines)
        parts = [line.strip(" ↳\t\r") for line in (lines if is_tree else lines[:1])]
        said = ": ".join(part.strip() for part in parts if part.strip())
        if said and said != "None":
            return f": {said[:300]}"
    return ""


def _lines(text: str) -> list[str]:
    found = _RPC.search(text)
    said = found["said"].replace("\\n", "\n").replace("\\t", " ").replace('\\"', '"') if found else text
    return _COLOURS.sub("", said).split("\n")
