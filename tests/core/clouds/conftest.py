"""Real object stores, started once, and a workspace whose connection `lake` leads to a new bucket of one."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.object_stores import ObjectStore, azure_server, gcs_server, hdfs_server, s3_server

from odibi_core.clouds.address import Address, parse_address
from odibi_core.clouds.store import Store
from odibi_core.workspace import Workspace

BUCKET = "shared"

_NUMBERS = itertools.count(1)


@pytest.fixture(scope="session")
def s3() -> Iterator[ObjectStore]:
    with s3_server() as server:
        server.make_bucket(BUCKET)
        yield server


@pytest.fixture(scope="session")
def azure() -> Iterator[ObjectStore]:
    with azure_server() as server:
        server.make_bucket(BUCKET)
        yield server


@pytest.fixture(scope="session")
def gcs() -> Iterator[ObjectStore]:
    with gcs_server() as server:
        server.make_bucket(BUCKET)
        yield server


@pytest.fixture(scope="session")
def hdfs() -> Iterator[ObjectStore]:
    with hdfs_server() as server:
        yield server


@dataclass(frozen=True)
class Lake:
    """An empty folder of a bucket, which the workspace's connection `lake` leads to."""

    server: ObjectStore
    folder: str
    workspace: Workspace

    @property
    def store(self) -> Store:
        return Store(self.server.account)

    def url(self, key: str = "") -> str:
        container = BUCKET if self.server.bucket_setting else self.server.endpoint
        return f"{self.server.scheme}://{container}/{self.folder}/{key}"

    def at(self, key: str) -> Address:
        return parse_address(self.url(key))

    def put(self, key: str, content: str | bytes) -> None:
        file = self.workspace.root / "sent"
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        self.store.put(file, self.at(key))

    def names(self) -> list[str]:
        return [found.key.removeprefix(f"{self.folder}/") for found in self.store.inside(self.at(""))]

    def connect(self, **changes: Any) -> None:
        """Have the connection say something else."""
        bucket = {self.server.bucket_setting: BUCKET} if self.server.bucket_setting else {}
        said = {"kind": self.server.kind, **bucket, "path": self.folder, **self.server.connection, **changes}
        lines = [f"{name} = {json.dumps(value)}" for name, value in said.items() if value is not None]
        (self.workspace.root / "odibi.toml").write_text("\n".join(["[connections.lake]", *lines]) + "\n")
        secrets = "".join(f"{name}={value}\n" for name, value in self.server.secrets.items())
        (self.workspace.root / ".env").write_text(secrets)


@pytest.fixture(params=["s3", "azure", "gcs", "hdfs"])
def lake(request: pytest.FixtureRequest, workspace: Workspace) -> Lake:
    """A folder in each kind of store."""
    return make_lake(request.getfixturevalue(request.param), workspace)


@pytest.fixture
def s3_lake(s3: ObjectStore, workspace: Workspace) -> Lake:
    """A folder in S3, for what is the same everywhere."""
    return make_lake(s3, workspace)


def make_lake(server: ObjectStore, workspace: Workspace) -> Lake:
    """A new folder."""
    made = Lake(server, f"folder-{next(_NUMBERS)}", workspace)
    made.connect()
    return made


@pytest.fixture
def folder(workspace: Workspace) -> Path:
    """The workspace's folder."""
    return workspace.root
