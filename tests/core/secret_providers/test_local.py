"""Secrets of the machine: environment, .env, mounted files, keyring."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked

from odibi_core.errors import SecretError
from odibi_core.secret_providers.local import DotenvFile, Environment, Folder, Keyring, parse_dotenv

DOTENV = """\ufeff# of the shop
PLAIN=hunter22
export EXPORTED = with blanks  # a comment
HASH=a#b
EMPTY=

SINGLE='as it is: "\\n" # $HOME'
DOUBLE="first\\nsecond \\"quoted\\" \\\\ # no comment" # a comment
KEY="-----BEGIN-----
MIIEvQ==
-----END-----"
PLAIN_AGAIN=$PLAIN
LAST=end"""


def test_an_environment_variable_is_found_behind_the_prefix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_DB", "hunter22")
    assert Environment("SHOP_").find("DB") == "hunter22"
    assert Environment().find("DB_NOBODY_SET") is None
    assert Environment("SHOP_").place("DB") == "the environment variable SHOP_DB"


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_every_form_of_an_assignment_is_read(ends: str) -> None:
    assert parse_dotenv(DOTENV.replace("\n", ends), ".env") == {
        "PLAIN": "hunter22",
        "EXPORTED": "with blanks",
        "HASH": "a#b",
        "EMPTY": "",
        "SINGLE": 'as it is: "\\n" # $HOME',
        "DOUBLE": 'first\nsecond "quoted" \\ # no comment',
        "KEY": "-----BEGIN-----\nMIIEvQ==\n-----END-----",
        "PLAIN_AGAIN": "$PLAIN",
        "LAST": "end",
    }


@pytest.mark.parametrize("line", ["hunter22", "=hunter22", "A B=hunter22", "2A=hunter22"])
def test_a_line_that_is_no_assignment_is_told_by_its_number_alone(tmp_path: Path, line: str) -> None:
    (tmp_path / ".env").write_text(f"# fine\nA=b\n{line}\n")
    with pytest.raises(SecretError, match=r"\.env, line 3: this line is not NAME=VALUE") as caught:
        DotenvFile(tmp_path / ".env").find("A")
    assert "hunter22" not in str(caught.value)


def test_a_file_of_assignments_that_is_not_there_has_no_secrets(tmp_path: Path) -> None:
    assert DotenvFile(tmp_path / ".env").find("A") is None


def test_a_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"A=\xff\xfe")
    with pytest.raises(SecretError, match="not UTF-8"):
        DotenvFile(tmp_path / ".env").find("A")
    (tmp_path / "large").write_bytes(b"x" * ((1 << 20) + 1))
    with pytest.raises(SecretError, match="too large to be a secret"):
        Folder(tmp_path).find("large")


@pytest.mark.parametrize("content", ["hunter22", "hunter22\n", "hunter22\r\n"])
def test_a_mounted_file_holds_a_secret(tmp_path: Path, content: str) -> None:
    (tmp_path / "DB").write_bytes(content.encode())
    assert Folder(tmp_path).find("DB") == "hunter22"
    assert Folder(tmp_path).find("OTHER") is None
    assert Folder(tmp_path / "nowhere").find("DB") is None


def test_links_of_a_kubernetes_mount_are_followed(tmp_path: Path) -> None:
    (tmp_path / "..2026_11").mkdir()
    (tmp_path / "..2026_11" / "DB").write_text("hunter22")
    (tmp_path / "..data").symlink_to("..2026_11")
    (tmp_path / "DB").symlink_to("..data/DB")
    assert Folder(tmp_path).find("DB") == "hunter22"


@pytest.mark.parametrize("name", ["../outside", "/etc/passwd", "a/../../outside"])
def test_a_name_never_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    (tmp_path / "outside").write_text("hunter22")
    (tmp_path / "in").mkdir()
    with pytest.raises(SecretError, match="leads out of the folder of secrets"):
        Folder(tmp_path / "in").find(name)


class MemoryKeyring(KeyringBackend):
    priority = 1.0

    def __init__(self, *, locked: bool = False) -> None:
        self.kept = {("odibi", "DB"): "hunter22"}
        self.locked = locked

    def get_password(self, service: str, username: str) -> str | None:
        if self.locked:
            raise KeyringLocked("the password hunter22 is locked")
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


@pytest.fixture
def restored() -> Iterator[None]:
    before = keyring.get_keyring()
    yield
    keyring.set_keyring(before)


@pytest.mark.usefixtures("restored")
def test_the_keyring_is_asked_for_the_service_and_name() -> None:
    keyring.set_keyring(MemoryKeyring())
    assert Keyring("odibi").find("DB") == "hunter22"
    assert Keyring("odibi").find("OTHER") is None
    assert Keyring("other").find("DB") is None


@pytest.mark.usefixtures("restored")
def test_a_locked_keyring_is_an_error_without_its_message() -> None:
    keyring.set_keyring(MemoryKeyring(locked=True))
    with pytest.raises(SecretError, match="the keyring gives nothing: KeyringLocked") as caught:
        Keyring("odibi").find("DB")
    assert "hunter22" not in str(caught.value)
