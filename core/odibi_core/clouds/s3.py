"""Amazon S3, and servers that speak its language."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from odibi_core.clouds.account import ABSENT, PAGE, TICKETS, Object, delta_options, split_tickets
from odibi_core.clouds.address import Address
from odibi_core.clouds.buckets import BucketAccount
from odibi_core.late_dataclass import dataclass

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

_PART_BYTES = 16 << 20
_MOST_PARTS = 10_000
_AT_ONCE = 4
_CONNECT_S, _READ_S = 10, 60


@dataclass(frozen=True)
class S3Login:
    """How an account of S3 is reached; what is empty comes from AWS's own chain of credentials.

    Attributes:
        endpoint: The server's URL, where it is not Amazon's.
        region: The region.
        key: The access key's id.
        secret: The secret access key.
        token: The session token of credentials that expire.
        profile: A profile of AWS's own configuration files.
        anonymous: Whether requests are not signed.
        path_style: Whether the bucket is in the path rather than in the host's name.
    """

    endpoint: str = ""
    region: str = ""
    key: str = ""
    secret: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    profile: str = ""
    anonymous: bool = False
    path_style: bool = False


class S3Account(BucketAccount[S3Login]):
    """An account of S3."""

    provider: ClassVar[str] = "s3"
    extra: ClassVar[str] = "s3"
    scheme: ClassVar[str] = "s3"

    def _open(self) -> AbstractFileSystem:
        import s3fs

        login = self.login
        style = {"addressing_style": "path"} if login.path_style else {}
        return s3fs.S3FileSystem(
            anon=login.anonymous,
            key=login.key or None,
            secret=login.secret or None,
            token=login.token or None,
            endpoint_url=login.endpoint or None,
            client_kwargs={"region_name": login.region} if login.region else {},
            config_kwargs={"connect_timeout": _CONNECT_S, "read_timeout": _READ_S, "s3": style},
            use_listings_cache=False,
            skip_instance_cache=True,
            **({"profile": login.profile} if login.profile else {}),
        )

    def _page(self, address: Address, token: str) -> tuple[list[Object], str | None]:
        more = {"ContinuationToken": token} if token else {}
        answer = self._call(
            "list_objects_v2", Bucket=address.container, Prefix=address.key, MaxKeys=PAGE, **more
        )
        page = [
            Object(found["Key"], int(found["Size"]), str(found["ETag"]))
            for found in answer.get("Contents", ())
        ]
        return page, answer["NextContinuationToken"] if answer.get("IsTruncated") else None

    def _look(self, address: Address) -> Object:
        try:
            found = self._call("head_object", Bucket=address.container, Key=address.key)
        except PermissionError:
            # The answer to a request for the head alone has no words: those of a list say what is wrong.
            self._call("list_objects_v2", Bucket=address.container, Prefix=address.key, MaxKeys=1)
            raise
        told = {name.lower(): value for name, value in found.get("Metadata", {}).items()}
        tickets = split_tickets(told.get(TICKETS))
        return Object(address.key, int(found["ContentLength"]), str(found["ETag"]), tickets)

    def _look_at_bucket(self, bucket: str) -> None:
        self._call("head_bucket", Bucket=bucket)

    def _read_of(self, address: Address, start: int, end: int, state: str) -> bytes:
        from s3fs.core import _error_wrapper

        filesystem = self.filesystem

        async def read() -> bytes:
            answer = await filesystem._call_s3(
                "get_object",
                Bucket=address.container,
                Key=address.key,
                Range=f"bytes={start}-{end - 1}",
                IfMatch=state,
            )
            async with answer["Body"] as body:
                content: bytes = await body.read()
                return content

        found: bytes = self.call(_error_wrapper, read, retries=filesystem.retries)
        return found

    def _put(self, source: Path, address: Address, tickets: Sequence[str], expected: str | None) -> None:
        """Send a file in one request, or in parts that count together at the end."""
        place = {"Bucket": address.container, "Key": address.key}
        known = {"Metadata": {TICKETS: ",".join(tickets)}} if tickets else {}
        condition = _condition(expected)
        if source.stat().st_size <= _PART_BYTES:
            self._call("put_object", **place, Body=source.read_bytes(), **known, **condition)
        else:
            self._put_parts(source, place, known, condition)

    def _is_conflict(self, error: Exception) -> bool:
        return _code(error) in ("PreconditionFailed", "412", "ConditionalRequestConflict")

    def _knows_no_conditions(self, error: Exception) -> bool:
        return _code(error) == "NotImplemented"

    def _put_parts(
        self, source: Path, place: Mapping[str, str], known: Mapping[str, Any], condition: Mapping[str, str]
    ) -> None:
        size = source.stat().st_size
        part = max(_PART_BYTES, -(-size // _MOST_PARTS))
        upload = self._call("create_multipart_upload", **place, **known)["UploadId"]

        def send(number: int) -> dict[str, Any]:
            with source.open("rb") as file:
                file.seek(number * part)
                body = file.read(part)
            sent = self._call("upload_part", **place, UploadId=upload, PartNumber=number + 1, Body=body)
            return {"ETag": sent["ETag"], "PartNumber": number + 1}

        try:
            with ThreadPoolExecutor(_AT_ONCE) as pool:
                parts = list(pool.map(send, range(-(-size // part))))
            self._call(
                "complete_multipart_upload",
                **place,
                UploadId=upload,
                MultipartUpload={"Parts": parts},
                **condition,
            )
        except BaseException:
            # Parts that nobody completes cost money.
            with suppress(Exception):
                self._call("abort_multipart_upload", **place, UploadId=upload)
            raise

    def delta_options(self) -> Mapping[str, str]:
        """What delta-rs needs to reach the account; its own chain of credentials is AWS's too."""
        login = self.login
        endpoint = (
            login.endpoint or os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL", "")
        )
        region = login.region or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION", "")
        told = {
            "AWS_ACCESS_KEY_ID": login.key,
            "AWS_SECRET_ACCESS_KEY": login.secret,
            "AWS_SESSION_TOKEN": login.token,
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_REGION": region or ("us-east-1" if endpoint else ""),
            "AWS_PROFILE": login.profile,
            "AWS_ALLOW_HTTP": "true" if endpoint.startswith("http://") else "",
            "AWS_SKIP_SIGNATURE": "true" if login.anonymous else "",
            "AWS_VIRTUAL_HOSTED_STYLE_REQUEST": "false" if login.path_style or endpoint else "",
            "AWS_CONDITIONAL_PUT": "etag",
        }
        return delta_options(told)

    def _call(self, method: str, **request: Any) -> Any:
        return self.filesystem.call_s3(method, **request)


def _condition(expected: str | None) -> dict[str, str]:
    if expected is None:
        return {}
    return {"IfNoneMatch": "*"} if expected == ABSENT else {"IfMatch": expected}


def _code(error: BaseException) -> str:
    response = getattr(error.__cause__, "response", None) or getattr(error, "response", None) or {}
    return str(response.get("Error", {}).get("Code", ""))
