from __future__ import annotations

import base64
import json
import logging
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odibi_core.errors import SecretError, TransientError
from odibi_core.secret_providers.local import Environment
from odibi_core.secret_store import Redactor, SecretStore

NASTY = "pä/ss 'w\"ö\\rd\n+&=\u2028✓"

WRITTEN: dict[str, Callable[[str], str]] = {
    "raw": str,
    "url": quote,
    "url, all": lambda value: quote(value, safe=""),
    "url, small letters": lambda value: re.sub("%..", lambda m: m[0].lower(), quote(value, safe="")),
    "form": quote_plus,
    "base64": lambda value: base64.b64encode(value.encode()).decode(),
    "base64 for urls": lambda value: base64.urlsafe_b64encode(value.encode()).decode(),
    "json": lambda value: json.dumps(value)[1:-1],
    "json, unicode kept": lambda value: json.dumps(value, ensure_ascii=False)[1:-1],
    "repr": lambda value: repr(value)[1:-1],
    "repr beside a double quote": lambda value: repr(f'{value} "')[1:-3],
    "repr of bytes": lambda value: repr(value.encode())[2:-1],
    "sql": lambda value: value.replace("'", "''"),
    "sql name": lambda value: value.replace('"', '""'),
}


@pytest.mark.parametrize("form", WRITTEN)
@pytest.mark.parametrize("value", ["hunter22", NASTY, "it's", 'say "x"'], ids=["plain", "nasty", "'", '"'])
def test_every_form_of_a_value_is_hidden(value: str, form: str) -> None:
    redactor = Redactor()
    assert redactor.add(value)
    written = WRITTEN[form](value)
    hidden = redactor.text(f"before {written} after")
    assert written not in hidden
    assert hidden in ("before *** after", "before ***= after", "before ***== after")


@pytest.mark.parametrize("user", ["u", "us", "use", "user"])
def test_a_basic_authorization_header_is_hidden(user: str) -> None:
    redactor = Redactor()
    redactor.add("correct horse battery")
    header = base64.b64encode(f"{user}:correct horse battery".encode()).decode()
    hidden = redactor.text(f"Authorization: Basic {header}")
    assert "***" in hidden
    readable = base64.b64decode(hidden.partition("***")[0].removeprefix("Authorization: Basic ") + "====")
    assert b"corr" not in readable


@given(st.text(min_size=4, max_size=40), st.text(max_size=20), st.text(max_size=20))
def test_no_value_survives_in_a_text_its_json_or_its_repr(value: str, before: str, after: str) -> None:
    redactor = Redactor()
    redactor.add(value)
    text = f"{before}{value}{after}"
    for written in (text, json.dumps(text), json.dumps(text, ensure_ascii=False), repr(text)):
        hidden = redactor.text(written)
        assert "***" in hidden


def test_secrets_inside_nested_values_are_hidden() -> None:
    redactor = Redactor()
    redactor.add("hunter22")
    marker = object()
    value = {
        "list": ["hunter22", ("x hunter22", 1)],
        "key hunter22": {"deep": {"hunter22"}},
        "bytes": b"a hunter22 \xff",
        "object": marker,
        "none": None,
    }
    assert redactor.value(value) == {
        "list": ["***", ("x ***", 1)],
        "key ***": {"deep": {"***"}},
        "bytes": b"a *** \xff",
        "object": marker,
        "none": None,
    }


def test_each_line_of_a_long_secret_is_hidden_on_its_own() -> None:
    redactor = Redactor()
    redactor.add("-----BEGIN KEY-----\nMIIEvQIBADANBg\nkqhkiG9w0BAQ\n-----END KEY-----")
    assert redactor.text("LINE 1: kqhkiG9w0BAQ is wrong") == "LINE 1: *** is wrong"


def test_a_secret_that_holds_another_is_hidden_whole() -> None:
    redactor = Redactor()
    redactor.add("hunter")
    redactor.add("hunter22-and-more")
    assert redactor.text("hunter22-and-more, hunter") == "***, ***"


def test_without_a_secret_nothing_is_copied() -> None:
    value: dict[str, Any] = {"a": ["b"]}
    assert Redactor().value(value) is value


def test_a_secret_is_taken_from_a_dict_and_hidden_from_then_on() -> None:
    store = SecretStore({"DB": "hunter22"})
    assert store.redactor.text("hunter22") == "hunter22"
    assert store.resolve("DB") == "hunter22"
    assert store.redactor.text("hunter22") == "***"


def test_a_callable_is_asked_once_for_each_secret() -> None:
    asked: list[str] = []

    def vault(name: str) -> str:
        asked.append(name)
        return f"value of {name}"

    store = SecretStore(vault)
    assert [store.resolve("A"), store.resolve("A"), store.resolve("B")] == ["value of A"] * 2 + ["value of B"]
    assert asked == ["A", "B"]


def no_secrets(name: str) -> str:
    raise KeyError(name)


@pytest.mark.parametrize("secrets", [None, {}, no_secrets], ids=["none", "dict", "callable"])
def test_what_is_not_given_comes_from_the_environment(secrets: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DB_PASSWORD", "from outside")
    store = SecretStore(secrets, providers=[Environment()])
    assert store.resolve("DB_PASSWORD") == "from outside"


def test_what_is_given_goes_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DB_PASSWORD", "from outside")
    store = SecretStore({"DB_PASSWORD": "given"}, providers=[Environment()])
    assert store.resolve("DB_PASSWORD") == "given"


def test_a_missing_secret_is_an_error_that_says_how_to_give_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DB_PASSWORD", raising=False)
    with pytest.raises(SecretError) as caught:
        SecretStore({"DB_PASSWROD": "hunter22"}, providers=[Environment()]).resolve("DB_PASSWORD")
    message = str(caught.value)
    assert "the secret 'DB_PASSWORD' is not given" in message
    assert "did you mean 'DB_PASSWROD'?" in message
    assert "secrets={'DB_PASSWORD': …}" in message
    assert "environment variable DB_PASSWORD" in message
    assert "hunter22" not in message


@pytest.mark.parametrize(("value", "said"), [("", "is empty"), (1234567, "is of type int, not text")])
def test_a_secret_must_be_a_text_with_something_in_it(value: Any, said: str) -> None:
    with pytest.raises(SecretError, match=f"the secret 'DB' {said}") as caught:
        SecretStore({"DB": value}).resolve("DB")
    assert "1234567" not in str(caught.value)


def test_an_error_of_the_callable_is_told_without_its_message() -> None:
    def vault(name: str) -> str:
        raise ValueError("token hunter22 is expired")

    with pytest.raises(SecretError, match="asking for the secret 'DB' failed with ValueError") as caught:
        SecretStore(vault).resolve("DB")
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_a_callable_may_ask_for_another_try() -> None:
    def vault(name: str) -> str:
        raise TransientError("the vault is busy")

    with pytest.raises(TransientError, match="the vault is busy"):
        SecretStore(vault).resolve("DB")


def test_a_value_too_short_to_hide_is_said_without_showing_it(caplog: pytest.LogCaptureFixture) -> None:
    store = SecretStore({"PIN": "qx7"})
    with caplog.at_level(logging.WARNING):
        assert store.resolve("PIN") == "qx7"
    assert "the secret 'PIN' is shorter than 4 characters" in caplog.text
    assert "qx7" not in caplog.text
    assert store.redactor.text("qx7 stays") == "qx7 stays"
