"""Azure Key Vault against a service of our own, AWS Secrets Manager against moto."""

from __future__ import annotations

import datetime as dt
import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws
from tests.certificates import make_certificate
from tests.core.local_service import Answer, local_service

from odibi_core.errors import SecretError, TransientError
from odibi_core.secret_providers.aws import SecretsManager
from odibi_core.secret_providers.azure import KeyVault
from odibi_core.secret_providers.settings import KeyVaultSecrets, SecretsManagerSecrets

TOKEN = "a-token-of-the-identity"


@dataclass
class Vault:
    """A key vault, and the identity service beside it."""

    url: str
    secrets: dict[str, str] = field(default_factory=dict)
    status: int = 200


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 with its key, in one file."""
    return make_certificate(tmp_path_factory.mktemp("certificate") / "server.pem")


@contextmanager
def key_vault(certificate: Path) -> Iterator[Vault]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.headers.get("Authorization") != f"Bearer {TOKEN}":
                challenge = (
                    'Bearer authorization="https://login.windows.net/t", resource="https://vault.azure.net"'
                )
                self._send(401, {}, {"WWW-Authenticate": challenge})
                return
            name = self.path.split("/")[2]
            if kept.status != 200:
                self._send(kept.status, {"error": {"code": "Refused", "message": "hunter22"}})
            elif name not in kept.secrets:
                self._send(404, {"error": {"code": "SecretNotFound", "message": "none"}})
            else:
                self._send(200, {"value": kept.secrets[name], "id": f"{kept.url}/secrets/{name}/1"})

        def _send(self, status: int, body: dict[str, Any], headers: dict[str, str] | None = None) -> None:
            content = json.dumps(body).encode()
            self.send_response(status)
            for header, value in {**(headers or {}), "Content-Type": "application/json"}.items():
                self.send_header(header, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    kept = Vault(f"https://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield kept
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def vault(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Vault]:
    """A key vault, and a managed identity that may read it, as App Service offers one."""
    with local_service() as identity, key_vault(certificate) as vault:
        expires = int(dt.datetime.now(dt.UTC).timestamp()) + 3600
        token = {"access_token": TOKEN, "expires_on": expires, "resource": "r", "token_type": "Bearer"}
        identity.answers = [Answer(200, json.dumps(token).encode(), {"Content-Type": "application/json"})]
        monkeypatch.setenv("IDENTITY_ENDPOINT", f"{identity.url}/msi/token")
        monkeypatch.setenv("IDENTITY_HEADER", "header")
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
        yield vault


def asked(vault: Vault, **more: Any) -> KeyVault:
    settings: dict[str, Any] = {"kind": "azure_key_vault", "url": vault.url, "verify_domain": False, **more}
    return KeyVault(KeyVaultSecrets(**settings))


def test_a_key_vault_gives_secrets_by_the_managed_identity(vault: Vault) -> None:
    vault.secrets["DB-PASSWORD"] = "hunter22"
    provider = asked(vault)
    assert provider.find("DB_PASSWORD") == "hunter22"
    assert provider.find("OTHER") is None
    assert provider.place("DB_PASSWORD") == f"'DB-PASSWORD' in {vault.url}"


def test_a_name_may_lead_to_a_key_of_a_secret(vault: Vault) -> None:
    vault.secrets["shop-db"] = json.dumps({"password": "hunter22", "port": 5432})
    provider = asked(vault, names={"DB": "shop-db#password", "PORT": "shop-db#port", "X": "shop-db#pasword"})
    assert (provider.find("DB"), provider.find("PORT")) == ("hunter22", "5432")
    with pytest.raises(SecretError, match="did you mean 'password'") as caught:
        provider.find("X")
    assert "hunter22" not in str(caught.value)
    vault.secrets["shop-db"] = "hunter22"
    with pytest.raises(SecretError, match="is no JSON object") as caught:
        provider.find("DB")
    assert "hunter22" not in str(caught.value)


def test_a_key_vault_that_refuses_is_told_without_its_answer(vault: Vault) -> None:
    vault.status = 403
    with pytest.raises(SecretError, match="the key vault refuses: status 403") as caught:
        asked(vault).find("DB")
    assert "hunter22" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_a_key_vault_that_is_down_may_be_asked_again(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("odibi_core.secret_providers.azure._RETRIES", 0)
    vault.status = 503
    with pytest.raises(TransientError, match="can't be reached: status 503"):
        asked(vault).find("DB")
    with pytest.raises(TransientError, match="can't be reached"):
        asked(Vault("https://127.0.0.1:1")).find("DB")


@pytest.fixture
def secrets_manager(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    with mock_aws():
        yield boto3.client("secretsmanager", region_name="eu-west-1")


def manager(**more: Any) -> SecretsManager:
    return SecretsManager(SecretsManagerSecrets(kind="aws_secrets_manager", region="eu-west-1", **more))


def test_secrets_manager_gives_secrets_behind_a_prefix(secrets_manager: Any) -> None:
    secrets_manager.create_secret(Name="shop/DB", SecretString="hunter22")
    secrets_manager.create_secret(Name="login", SecretString='{"password": "hunter33"}')
    provider = manager(prefix="shop/", names={"LOGIN": "login#password"})
    assert (provider.find("DB"), provider.find("LOGIN")) == ("hunter22", "hunter33")
    assert provider.find("OTHER") is None
    assert provider.place("DB") == "'shop/DB' in AWS Secrets Manager"


def test_bytes_are_no_secret(secrets_manager: Any) -> None:
    secrets_manager.create_secret(Name="DB", SecretBinary=b"hunter22")
    with pytest.raises(SecretError, match="the secret is bytes, not text"):
        manager().find("DB")


@pytest.mark.parametrize(
    ("answer", "kind", "said"),
    [
        ((400, "AccessDeniedException"), SecretError, "refuses: AccessDeniedException"),
        ((500, "InternalServiceError"), TransientError, "busy: InternalServiceError"),
    ],
)
def test_answers_of_the_service_are_told_by_their_code(
    monkeypatch: pytest.MonkeyPatch, answer: tuple[int, str], kind: type[Exception], said: str
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setattr("odibi_core.secret_providers.aws._TRIES", 1)
    status, code = answer
    with local_service() as service:
        body = json.dumps({"__type": code, "message": "hunter22 is not yours"}).encode()
        service.answers = [Answer(status, body, {"x-amzn-errortype": code})]
        with pytest.raises(kind, match=said) as caught:
            manager(endpoint_url=service.url).find("DB")
        assert "hunter22" not in str(caught.value)
    with pytest.raises(TransientError, match="can't be reached"):
        manager(endpoint_url="http://127.0.0.1:1").find("DB")


def test_missing_credentials_are_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(SecretError, match="can't be asked: NoCredentialsError"):
        manager().find("DB")
    with pytest.raises(SecretError, match="configuration is wrong or missing"):
        manager(profile="nobody").find("DB")
