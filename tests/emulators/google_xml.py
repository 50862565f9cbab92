"""Google's XML requests, by which delta-rs reads and writes, passed on to an emulator as JSON requests.

`python google_xml.py PORT EMULATORS_PORT` answers for both kinds: JSON requests go through as they are. What
a condition on a generation means, and that it holds for one of several writers, is left to the emulator.
"""

from __future__ import annotations

import json
import secrets
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from http.client import HTTPConnection, HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlencode, urlsplit
from xml.etree.ElementTree import Element, SubElement, fromstring, tostring

_JSON = ("/storage/", "/upload/", "/download/", "/batch", "/_internal", "/b/", "/b?")
_OF_ONE_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length"})
_CONDITION = "x-goog-if-generation-match"
_BOUND = secrets.token_hex(16).encode()


class RefusedError(Exception):
    """An answer of the emulator that is no success."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status, self.code = status, code


class Uploads:
    """Objects that come in parts, until they are complete."""

    def __init__(self) -> None:
        self._parts: dict[str, dict[int, bytes]] = {}

    def begin(self) -> str:
        """A new upload's name."""
        name = secrets.token_hex(8)
        self._parts[name] = {}
        return name

    def add(self, name: str, number: int, content: bytes) -> None:
        """Keep a part."""
        self._parts[name][number] = content

    def complete(self, name: str, numbers: list[int]) -> bytes:
        """All of some parts, which are forgotten."""
        parts = self._parts.pop(name)
        return b"".join(parts[number] for number in numbers)

    def forget(self, name: str) -> None:
        """Forget an upload."""
        self._parts.pop(name, None)


class Handler(BaseHTTPRequestHandler):
    """One client's requests."""

    protocol_version = "HTTP/1.1"
    upstream = 0
    uploads = Uploads()

    def do_any(self) -> None:
        """Answer a request, whatever its method."""
        body = b"".join(self._body())
        if self.path.startswith(_JSON):
            answer = self._ask(self.command, self.path, body, dict(self.headers))
            self._answer(answer.status, answer.read(), dict(answer.getheaders()))
            return
        parts = urlsplit(self.path)
        bucket, _, key = unquote(parts.path).lstrip("/").partition("/")
        asked = {name: found[0] for name, found in parse_qs(parts.query, keep_blank_values=True).items()}
        try:
            self._translate(bucket, key, asked, body)
        except RefusedError as error:
            told = Element("Error")
            SubElement(told, "Code").text = error.code
            self._answer(error.status, tostring(told), {"Content-Type": "application/xml"})

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = do_PATCH = do_any  # noqa: N815

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing of requests that went well."""

    def _translate(self, bucket: str, key: str, asked: Mapping[str, str], body: bytes) -> None:
        match self.command:
            case "GET" if not key:
                self._list(bucket, asked)
            case "GET" | "HEAD":
                self._read(bucket, key)
            case "DELETE" if "uploadId" in asked:
                self.uploads.forget(asked["uploadId"])
                self._answer(204)
            case "DELETE":
                self._call("DELETE", _object_path(bucket, key))
                self._answer(204)
            case "PUT" if "partNumber" in asked:
                self.uploads.add(asked["uploadId"], int(asked["partNumber"]), body)
                self._answer(200, b"", {"ETag": f'"{asked["partNumber"]}"'})
            case "PUT" if "x-goog-copy-source" in self.headers:
                # The emulator would copy whatever the condition says.
                raise RefusedError(501, "NotImplemented")
            case "PUT":
                self._answer(200, b"", self._stored(bucket, key, body))
            case "POST" if "uploads" in asked:
                begun = Element("InitiateMultipartUploadResult")
                SubElement(begun, "UploadId").text = self.uploads.begin()
                self._answer(200, tostring(begun))
            case "POST":
                numbers = [part.text or "" for part in fromstring(body).iter() if _is(part, "PartNumber")]
                content = self.uploads.complete(asked["uploadId"], list(map(int, numbers)))
                headers = self._stored(bucket, key, content)
                done = Element("CompleteMultipartUploadResult")
                SubElement(done, "ETag").text = headers["ETag"]
                self._answer(200, tostring(done), headers)
            case _:
                raise RefusedError(405, "MethodNotAllowed")

    def _list(self, bucket: str, asked: Mapping[str, str]) -> None:
        names = {
            "prefix": "prefix",
            "delimiter": "delimiter",
            "max-keys": "maxResults",
            "start-after": "startOffset",
            "continuation-token": "pageToken",
        }
        query = {ours: asked[theirs] for theirs, ours in names.items() if theirs in asked}
        found = json.loads(self._call("GET", f"/storage/v1/b/{quote(bucket)}/o?{urlencode(query)}"))
        told = Element("ListBucketResult")
        for item in found.get("items", ()):
            if item["name"] == asked.get("start-after"):
                continue
            contents = SubElement(told, "Contents")
            fields = {"Key": "name", "LastModified": "updated", "ETag": "etag", "Size": "size"}
            for name, theirs in fields.items():
                SubElement(contents, name).text = str(item[theirs])
        for prefix in found.get("prefixes", ()):
            SubElement(SubElement(told, "CommonPrefixes"), "Prefix").text = prefix
        if token := found.get("nextPageToken"):
            SubElement(told, "NextContinuationToken").text = token
        self._answer(200, tostring(told), {"Content-Type": "application/xml"})

    def _read(self, bucket: str, key: str) -> None:
        about = json.loads(self._call("GET", _object_path(bucket, key)))
        headers = _headers(about)
        if self.command == "HEAD":
            self._answer(200, b"", {**headers, "Content-Length": str(about["size"])})
            return
        span = {"Range": self.headers["Range"]} if "Range" in self.headers else {}
        path = f"{_object_path(bucket, key)}?alt=media&generation={about['generation']}"
        answer = self._ask("GET", path, b"", span)
        content = answer.read()
        kept = {name: value for name, value in answer.getheaders() if name.lower() == "content-range"}
        self._answer(answer.status, content, {**headers, **kept})

    def _stored(self, bucket: str, key: str, body: bytes) -> dict[str, str]:
        # The emulator heeds the condition of those uploads alone that say beside it what the object is.
        query = {"uploadType": "multipart", **self._condition()}
        path = f"/upload/storage/v1/b/{quote(bucket)}/o?{urlencode(query)}"
        parts = (b"application/json", json.dumps({"name": key}).encode()), (b"application/octet-stream", body)
        content = b"".join(b"--%b\r\nContent-Type: %b\r\n\r\n%b\r\n" % (_BOUND, *part) for part in parts)
        kind = f"multipart/related; boundary={_BOUND.decode()}"
        return _headers(json.loads(self._call("POST", path, content + b"--%b--\r\n" % _BOUND, kind)))

    def _condition(self) -> dict[str, str]:
        generation = self.headers.get(_CONDITION)
        return {} if generation is None else {"ifGenerationMatch": generation}

    def _call(self, method: str, path: str, body: bytes = b"", kind: str = "application/json") -> bytes:
        answer = self._ask(method, path, body, {"Content-Type": kind})
        content = answer.read()
        if answer.status < 300:
            return content
        if answer.status != 404:
            raise RefusedError(answer.status, "PreconditionFailed" if answer.status == 412 else "Refused")
        bucket = urlsplit(path).path.partition("/b/")[2].partition("/")[0]
        is_there = self._ask("GET", f"/storage/v1/b/{bucket}", b"", {}).status == 200
        raise RefusedError(404, "NoSuchKey" if is_there else "NoSuchBucket")

    def _ask(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> HTTPResponse:
        kept = {name: value for name, value in headers.items() if name.lower() not in _OF_ONE_HOP}
        connection = HTTPConnection("127.0.0.1", self.upstream, timeout=60)
        connection.request(method, path, body, {**kept, "Connection": "close"})
        return connection.getresponse()

    def _body(self) -> Iterator[bytes]:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            yield self.rfile.read(int(self.headers.get("Content-Length") or 0))
            return
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()

    def _answer(self, status: int, body: bytes = b"", headers: Mapping[str, str] | None = None) -> None:
        headers = headers or {}
        told = {name: value for name, value in headers.items() if name.lower() not in _OF_ONE_HOP}
        # Of a HEAD request it is the length of what GET would give.
        is_head = self.command == "HEAD"
        told["Content-Length"] = headers.get("Content-Length", "0") if is_head else str(len(body))
        self.send_response_only(status)
        for name, value in told.items():
            self.send_header(name, value)
        self.end_headers()
        if not is_head:
            self.wfile.write(body)


def _object_path(bucket: str, key: str) -> str:
    return f"/storage/v1/b/{quote(bucket)}/o/{quote(key, safe='')}"


def _headers(about: Mapping[str, Any]) -> dict[str, str]:
    changed = datetime.fromisoformat(about["updated"]).astimezone(UTC)
    return {
        "ETag": f'"{about["etag"].strip(chr(34))}"',
        "Last-Modified": format_datetime(changed, usegmt=True),
        "x-goog-generation": str(about["generation"]),
    }


def _is(element: Element, name: str) -> bool:
    return element.tag.rpartition("}")[2] == name


if __name__ == "__main__":
    Handler.upstream = int(sys.argv[2])
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
