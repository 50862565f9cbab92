"""The providers of a workspace, as odibi.toml orders them."""

from __future__ import annotations

from pathlib import Path

import pytest

from odibi_core.engine_context import PandasEngineContext
from odibi_core.errors import OdibiError, SecretError, WorkspaceError
from odibi_core.secret_providers.chain import open_providers
from odibi_core.secret_providers.settings import PROVIDERS, SecretSettings
from odibi_core.secret_store import SecretStore
from odibi_core.workspace import Workspace

VAULT = """
def get_secret(name):
    if name == "RAISES":
        raise ValueError("hunter22 is expired")
    return {"DB": "hunter22"}[name]


not_callable = "hunter22"
"""


def store_of(root: Path, settings: str = "") -> SecretStore:
    (root / "odibi.toml").write_text(settings)
    return SecretStore(providers=open_providers(Workspace(root, True).load().secrets, root))


def test_by_default_environment_dotenv_and_mounts_are_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A", "of the environment")
    (tmp_path / ".env").write_text("A=of the file\nB=of the file\n")
    store = store_of(tmp_path)
    assert (store.resolve("A"), store.resolve("B")) == ("of the environment", "of the file")
    with pytest.raises(SecretError) as caught:
        store.resolve("NOBODY_HAS_IT")
    for place in ("the environment variable NOBODY_HAS_IT", f"{tmp_path}/.env", "/run/secrets/NOBODY_HAS_IT"):
        assert place in str(caught.value)


def test_providers_are_asked_in_their_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A", "of the environment")
    (tmp_path / "mounted").mkdir()
    (tmp_path / "mounted" / "A").write_text("of the mount\n")
    store = store_of(
        tmp_path,
        '[[secrets.providers]]\nkind = "files"\npath = "mounted"\n'
        '[[secrets.providers]]\nkind = "environment"\n',
    )
    assert store.resolve("A") == "of the mount"


def test_a_provider_that_is_not_listed_is_not_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A", "of the environment")
    store = store_of(tmp_path, '[[secrets.providers]]\nkind = "dotenv"\n')
    with pytest.raises(SecretError, match="the secret 'A' is not given"):
        store.resolve("A")


def test_a_function_gives_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "shop_vault.py").write_text(VAULT)
    monkeypatch.syspath_prepend(str(tmp_path))
    settings = '[[secrets.providers]]\nkind = "callable"\nfunction = "shop_vault.get_secret"\n'
    store = store_of(tmp_path, settings)
    assert store.resolve("DB") == "hunter22"
    with pytest.raises(SecretError, match="the secret 'OTHER' is not given"):
        store.resolve("OTHER")
    with pytest.raises(SecretError, match="asking for the secret 'RAISES' failed with ValueError") as caught:
        store.resolve("RAISES")
    assert "hunter22" not in str(caught.value)


@pytest.mark.parametrize(
    ("function", "said"),
    [
        ("no_such_module_here.get", "can't be imported"),
        ("shop_vault.nothing", "can't be imported"),
        ("shop_vault.not_callable", "this is no function"),
    ],
)
def test_a_function_that_is_none_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, function: str, said: str
) -> None:
    (tmp_path / "shop_vault.py").write_text(VAULT)
    monkeypatch.syspath_prepend(str(tmp_path))
    store = store_of(tmp_path, f'[[secrets.providers]]\nkind = "callable"\nfunction = "{function}"\n')
    with pytest.raises(SecretError, match=said):
        store.resolve("DB")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ('[[secrets.providers]]\nkind = "files"\npahth = "x"\n', "did you mean 'path'"),
        ('[[secrets.providers]]\nkind = "keyrin"\n', "did you mean 'keyring'"),
        ('[[secrets.providers]]\npath = "x"\n', "add kind = one of environment, dotenv"),
        ('[secrets]\nprovider = "x"\n', "did you mean 'providers'"),
        ('[[secrets.providers]]\nkind = "azure_key_vault"\nurl = "http://x"\n', "begins with https://"),
        ('[[secrets.providers]]\nkind = "azure_key_vault"\n', "add url = "),
    ],
)
def test_a_mistake_in_the_settings_is_told_with_its_line(tmp_path: Path, settings: str, said: str) -> None:
    with pytest.raises(WorkspaceError, match=r"odibi\.toml, line [12]") as caught:
        store_of(tmp_path, settings)
    assert said in str(caught.value)


def test_every_kind_is_in_the_table_of_kinds() -> None:
    (annotation,) = {item.annotation for item in SecretSettings.model_fields.values()}
    for kind, model in PROVIDERS.items():
        assert kind in str(model.model_fields["kind"].annotation)
        assert model.__name__ in str(annotation)


def test_an_engine_context_asks_the_workspace_too(tmp_path: Path) -> None:
    (tmp_path / "odibi.toml").touch()
    (tmp_path / ".env").write_text("DB=hunter22\n")
    context = PandasEngineContext(secrets={"OTHER": "given"}, workspace=tmp_path)
    assert context.get_secret("DB") == "hunter22"
    assert context.get_secret("OTHER") == "given"
    with pytest.raises(OdibiError, match="is not given"):
        context.get_secret("NOBODY_HAS_IT")
