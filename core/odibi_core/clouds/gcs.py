"""Google Cloud Storage."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import quote

from odibi_core.clouds.account import (
    ABSENT,
    PAGE,
    TICKETS,
    ConflictError,
    Object,
    delta_options,
    split_tickets,
)
from odibi_core.clouds.address import Address
from odibi_core.clouds.buckets import BucketAccount
from odibi_core.late_dataclass import dataclass

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

_CHUNK_BYTES = 16 << 20


@dataclass(frozen=True)
class GcsLogin:
    """How a project's buckets are reached; what is empty comes from Google's own chain of credentials.

    Attributes:
        project: The project.
        credentials: The text of a service account's key, in JSON.
        anonymous: Whether requests are not signed.
        endpoint: The server's URL, where it is not Google's.
    """

    project: str = ""
    credentials: str = field(default="", repr=False)
    anonymous: bool = False
    endpoint: str = ""


class GcsAccount(BucketAccount[GcsLogin]):
    """A project's buckets."""

    provider: ClassVar[str] = "gcs"
    extra: ClassVar[str] = "gcs"
    scheme: ClassVar[str] = "gs"

    def _open(self) -> AbstractFileSystem:
        # What it experiments with speaks another protocol, which asks for credentials of its own.
        os.environ.setdefault("GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT", "false")
        import gcsfs

        login = self.login
        token = "anon" if login.anonymous else json.loads(login.credentials) if login.credentials else None
        return gcsfs.GCSFileSystem(
            project=login.project or None,
            token=token,
            endpoint_url=login.endpoint.rstrip("/") or None,
            use_listings_cache=False,
            skip_instance_cache=True,
        )

    def _page(self, address: Address, token: str) -> tuple[list[Object], str | None]:
        more = {"pageToken": token} if token else {}
        answer = self._call(
            "GET", "b/{}/o", address.container, prefix=address.key, maxResults=PAGE, json_out=True, **more
        )
        return [_object(found) for found in answer.get("items", ())], answer.get("nextPageToken") or None

    def _look(self, address: Address) -> Object:
        return _object(self._call("GET", "b/{}/o/{}", address.container, address.key, json_out=True))

    def _look_at_bucket(self, bucket: str) -> None:
        self._call("GET", "b/{}", bucket, json_out=True)

    def _read_of(self, address: Address, start: int, end: int, state: str) -> bytes:
        url, span = self.filesystem.url(self.path(address)), {"Range": f"bytes={start}-{end - 1}"}
        headers, content = self._call("GET", url, headers=span, ifGenerationMatch=state)
        # Not every server that acts as Google's heeds the condition.
        if str(headers.get("X-Goog-Generation", state)) != state:
            raise ConflictError
        found: bytes = content
        return found

    def _put(self, source: Path, address: Address, tickets: Sequence[str], expected: str | None) -> None:
        """Send a file in one request, or in chunks that count together at the end."""
        condition = {} if expected is None else {"ifGenerationMatch": "0" if expected == ABSENT else expected}
        about: dict[str, Any] = {"name": address.key}
        if tickets:
            about["metadata"] = {TICKETS: ",".join(tickets)}
        self.call(self._send, source, address.container, about, condition)

    def _is_conflict(self, error: Exception) -> bool:
        return str(getattr(error, "code", "")) == "412" or isinstance(error, FileExistsError)

    async def _send(
        self, source: Path, bucket: str, about: Mapping[str, Any], condition: Mapping[str, str]
    ) -> None:
        from gcsfs.core import upload_chunk

        filesystem, kind = self.filesystem, "application/octet-stream"
        place = f"{filesystem._location}/upload/storage/v1/b/{quote(bucket)}/o"
        size = source.stat().st_size
        if size <= _CHUNK_BYTES:
            body, bound = _multipart(about, source.read_bytes())
            headers = {"Content-Type": f"multipart/related; boundary={bound}"}
            await filesystem._call(
                "POST", place, uploadType="multipart", headers=headers, data=body, **condition
            )
            return
        headers, _ = await filesystem._call(
            "POST",
            place,
            name=about["name"],
            uploadType="resumable",
            json=dict(about),
            headers={"X-Upload-Content-Type": kind},
            **condition,
        )
        with source.open("rb") as file:
            for sent in range(0, size, _CHUNK_BYTES):
                await upload_chunk(filesystem, headers["Location"], file.read(_CHUNK_BYTES), sent, size, kind)

    def delta_options(self) -> Mapping[str, str]:
        """What delta-rs needs to reach the buckets."""
        login = self.login
        told = {"google_service_account_key": login.credentials}
        if login.anonymous or login.endpoint:
            # It takes another server only as part of a key.
            key = {
                "gcs_base_url": login.endpoint.rstrip("/"),
                "disable_oauth": True,
                "client_email": "",
                "private_key": "",
                "private_key_id": "",
            }
            told["google_service_account_key"] = json.dumps(key)
        return delta_options(told)

    def _call(self, *request: Any, **more: Any) -> Any:
        return self.filesystem.call(*request, **more)


def _multipart(about: Mapping[str, Any], content: bytes) -> tuple[bytes, str]:
    """A request's body that holds what is to be known of an object, and the object; and what bounds them."""
    bound = secrets.token_hex(16)
    told = json.dumps(dict(about)).encode()
    parts = [(b"application/json; charset=UTF-8", told), (b"application/octet-stream", content)]
    body = b"".join(
        b"--%b\r\nContent-Type: %b\r\n\r\n%b\r\n" % (bound.encode(), kind, part) for kind, part in parts
    )
    return body + b"--%b--\r\n" % bound.encode(), bound


def _object(found: Mapping[str, Any]) -> Object:
    tickets = split_tickets(found.get("metadata", {}).get(TICKETS))
    return Object(found["name"], int(found.get("size", 0)), str(found["generation"]), tickets)
