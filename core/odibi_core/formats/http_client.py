"""Requests over HTTP: to addresses that are allowed alone, and without showing credentials in errors."""

from __future__ import annotations

import datetime as dt
import ipaddress
import socket
from collections.abc import Iterable, Mapping
from dataclasses import field
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from odibi_core.errors import OdibiError
from odibi_core.late_dataclass import dataclass

if TYPE_CHECKING:
    import httpx

# Of addresses that end in one of version 4: behind NAT64, and the old compatible ones.
_EMBEDDING = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("::/96"))


class AddressNotAllowedError(OdibiError):
    """A host has an address that requests may not go to."""


@dataclass(frozen=True, slots=True)
class Service:
    """A service over HTTP, and what its requests carry.

    Attributes:
        url: The base URL.
        headers: Headers of every request, secrets filled in.
        allows_private: Whether it may be on this machine, in a private network, or a metadata service.
    """

    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    allows_private: bool = False

    def __str__(self) -> str:
        return without_secrets(self.url)


def open_client(url: str, *, timeout_s: float, allows_private: bool) -> httpx.Client:
    """A client for requests to a URL; it follows no redirect, which could take credentials elsewhere.

    A host's address is looked at when it is connected to, so that no second answer of a name server slips
    through. Where a proxy of the environment makes the connections, it decides.
    """
    import httpx

    parts = urlsplit(url)
    is_proxied = parts.scheme in getproxies() and not proxy_bypass(parts.hostname or "")
    if allows_private or is_proxied:
        return httpx.Client(timeout=timeout_s)
    return httpx.Client(timeout=timeout_s, transport=_guarded_transport())


def _guarded_transport() -> httpx.HTTPTransport:
    import httpcore
    import httpx

    class PublicBackend(httpcore.SyncBackend):
        """Connects to public addresses alone."""

        def connect_tcp(
            self,
            host: str,
            port: int,
            timeout: float | None = None,
            local_address: str | None = None,
            socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
        ) -> httpcore.NetworkStream:
            address = _public_address(host, port)
            return super().connect_tcp(address, port, timeout, local_address, socket_options)

    transport = httpx.HTTPTransport()
    # httpx hands its pool no backend, though the pool takes one.
    transport._pool._network_backend = PublicBackend()
    return transport


def _public_address(host: str, port: int) -> str:
    """The address of a host.

    Raises:
        AddressNotAllowedError: One of its addresses is not public.
        httpcore.ConnectError: The name has no address.
    """
    import httpcore

    try:
        found: list[Any] = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise httpcore.ConnectError(str(error)) from error
    addresses = [str(entry[4][0]) for entry in found]
    for text in addresses:
        address = ipaddress.ip_address(text.partition("%")[0])
        if not all(inner.is_global and not inner.is_multicast for inner in _meant(address)):
            raise AddressNotAllowedError(
                f"{text} is no public address"
                if host == text
                else f"{host} is at {text}, which is no public address",
                fix="where requests into the own network are meant, set allow_private = true: at the "
                "connection, or under [http] in odibi.toml for steps that name a URL",
            )
    return addresses[0]


def _meant(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> list[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    """The address, and those of version 4 that networks may take it for."""
    if isinstance(address, ipaddress.IPv4Address):
        return [address]
    inner = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if any(address in network for network in _EMBEDDING):
        inner.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return [address.ipv4_mapped] if address.ipv4_mapped else [address, *(each for each in inner if each)]


def merged(*given: Mapping[str, str]) -> dict[str, str]:
    """Headers, the later ones in the place of those before, however their names are spelled."""
    found = {name.lower(): (name, value) for headers in given for name, value in headers.items()}
    return dict(found.values())


def retry_after_s(header: str) -> float | None:
    """Seconds to wait, from a number of seconds or from a date; None where the header says neither."""
    if header.strip().isascii() and header.strip().isdecimal():
        return float(header)
    try:
        until = parsedate_to_datetime(header)
    except ValueError:
        return None
    # A date without a zone means UTC here.
    moment = until if until.tzinfo else until.replace(tzinfo=dt.UTC)
    return max(0.0, (moment - dt.datetime.now(dt.UTC)).total_seconds())


def without_secrets(url: str) -> str:
    """A URL without the parts that may hold a credential: user, password, query."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()
