"""The scheduled pipeline of the documentation runs unchanged where the environment leads elsewhere."""

from __future__ import annotations

import base64
import datetime as dt
import io
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from azure.storage.blob import BlobServiceClient
from tests.certificates import make_chain
from tests.core.local_service import Answer, Service, local_service
from tests.object_stores import SECRET, ObjectStore, azure_server
from tests.processes import started
from tests.waiting import wait_until

pytestmark = pytest.mark.xdist_group("object_stores")

SCRIPT = Path(__file__).parents[2] / "contracts" / "cloud_pipeline.txt"


@pytest.fixture
def certificates(tmp_path: Path) -> tuple[Path, Path]:
    """Whom to trust, and what the storage account shows."""
    return make_chain(tmp_path)


@pytest.fixture
def storage(certificates: tuple[Path, Path]) -> Iterator[ObjectStore]:
    """The account `storage`, which takes the tokens of an identity."""
    with azure_server(("storage",), certificate=certificates[1]) as server:
        yield server


@pytest.fixture
def identity() -> Iterator[Service]:
    """What a machine asks for the tokens of its identity."""
    now = int(time.time())
    claims = {
        "aud": "https://storage.azure.com",
        "iss": "https://sts.windows.net/ab1f708d-50f6-404c-a006-d71b2ac7a606/",
        "iat": now - 60,
        "nbf": now - 60,
        "exp": now + 3600,
    }
    parts = [
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in ({"alg": "none"}, claims)
    ]
    token = b".".join([*parts, b"c2lnbmF0dXJl"]).decode()
    told = {
        "access_token": token,
        "expires_on": str(now + 3600),
        "resource": claims["aud"],
        "token_type": "Bearer",
    }
    with local_service() as service:
        service.answers = [Answer(200, json.dumps(told).encode(), {"Content-Type": "application/json"})]
        yield service


@pytest.mark.timeout(400)
def test_the_documented_cloud_pipeline_runs_unchanged(
    tmp_path: Path, certificates: tuple[Path, Path], storage: ObjectStore, identity: Service
) -> None:
    (tmp_path / "odibi.toml").touch()
    blobs = BlobServiceClient(
        f"{storage.endpoint}/storage",
        credential={"account_name": "storage", "account_key": SECRET},
        connection_verify=str(certificates[0]),
    )
    for container in ("raw", "processed"):
        blobs.create_container(container)
    now = dt.datetime.now()
    table = pa.table({"sale_date": [now] * 3, "product_id": [1, 1, 2], "amount": [5.5, 4.5, 1.0]})
    buffer = io.BytesIO()
    pq.write_table(table, buffer)
    for days in (-1, 0, 1):
        name = f"sales/{(now + dt.timedelta(days)).date()}.parquet"
        blobs.get_blob_client("raw", name).upload_blob(buffer.getvalue())
    environment = {
        **os.environ,
        "AZURE_STORAGE_ENDPOINT": storage.endpoint,
        "IDENTITY_ENDPOINT": f"{identity.url}/token",
        "IDENTITY_HEADER": "who",
        "SSL_CERT_FILE": str(certificates[0]),
        "PYTHONPATH": str(Path(sys.modules["odibi_core"].__file__ or "").parents[1]),
        "PYTHONUNBUFFERED": "1",
        "PYTHONIOENCODING": "utf-8",
    }
    database = tmp_path / ".odibi" / "schedules.db"

    def is_scheduled() -> bool:
        if not database.exists():
            return False
        with closing(sqlite3.connect(database, timeout=30)) as store:
            try:
                return bool(store.execute("SELECT seen_until FROM schedules").fetchall())
            except sqlite3.OperationalError:
                return False

    for has_missed in (False, True):
        with started(
            [sys.executable, str(SCRIPT)],
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process:
            assert process.stdout is not None
            assert "📅 Scheduler started" in process.stdout.readline()
            if has_missed:
                said = process.stdout.readline()
                if "✅ Pipeline completed successfully" not in said:
                    process.send_signal(signal.SIGTERM)
                    raise AssertionError(said + "".join(map(str, process.communicate(timeout=60))))
            wait_until(is_scheduled)
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=60)
            assert process.returncode == 0
        if not has_missed:
            # Days go by while nothing runs.
            with closing(sqlite3.connect(database, timeout=30)) as store:
                store.execute("UPDATE schedules SET seen_until = '2026-01-01T00:00:00+00:00'")
                store.commit()
    names = [blob.name for blob in blobs.get_container_client("processed").list_blobs()]
    parts = [name for name in names if name.startswith("sales_summary/date=") and name.endswith(".parquet")]
    assert "sales_summary/_delta_log/00000000000000000000.json" in names
    written = blobs.get_blob_client("processed", parts[0]).download_blob().readall()
    rows = pq.read_table(io.BytesIO(written)).to_pylist()
    assert sorted((row["product_id"], row["total_amount"], row["sale_count"]) for row in rows) == [
        (1, 10.0, 2),
        (2, 1.0, 1),
    ]
    assert identity.requests
