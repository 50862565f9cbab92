"""Ways to tell somebody."""

from __future__ import annotations

import json
import smtplib
import ssl
import subprocess
import threading
from collections.abc import Callable, Mapping
from email.message import EmailMessage
from typing import Any

from odibi_core.alerts.rule import Alert, Channel
from odibi_core.errors import OdibiError, TransientError
from odibi_core.formats.http_errors import may_pass
from odibi_core.functions.registry import resolve_function
from odibi_core.text_file import reason

PAGERDUTY_URL = "https://events.pagerduty.com/v2/enqueue"

Letter = Mapping[str, Any]
"""What is told: title, text, severity, alert, and `runs`, the facts of each."""


def send(alert: Alert, letter: Letter, allowed_functions: tuple[str, ...] | None) -> None:
    """Tell somebody, once.

    Args:
        alert: Whom, with secrets filled in.
        letter: What.
        allowed_functions: Prefixes of the Python functions that may be called.

    Raises:
        TransientError: It may work later.
        OdibiError: It won't work.
    """
    match alert.channel:
        case Channel.EMAIL:
            _mail(alert, letter)
        case Channel.SHELL:
            _run(alert, letter)
        case Channel.PYTHON:
            _call(alert, letter, allowed_functions)
        case _:
            url, body = _post_of(alert, letter)
            _post(url, body, alert)


def _post_of(alert: Alert, letter: Letter) -> tuple[str, Mapping[str, Any]]:
    match alert.channel:
        case Channel.SLACK | Channel.TEAMS:
            text = letter["text"] if len(letter["runs"]) == 1 else f"{letter['title']}\n{letter['text']}"
            return alert.url or "", {"text": text}
        case Channel.PAGERDUTY:
            first = letter["runs"][0]
            return alert.url or PAGERDUTY_URL, {
                "routing_key": alert.routing_key,
                "event_action": "trigger",
                "dedup_key": f"odibi-{letter['alert']}-{first['run_id']}",
                "payload": {
                    "summary": letter["title"],
                    "source": f"odibi/{first['pipeline']}",
                    "severity": letter["severity"],
                    "custom_details": {"text": letter["text"], "runs": letter["runs"]},
                },
            }
    return alert.url or "", letter


def _post(url: str, body: Mapping[str, Any], alert: Alert) -> None:
    import httpx

    try:
        answer = httpx.post(url, json=body, headers=dict(alert.headers), timeout=alert.timeout_s)
    except (httpx.InvalidURL, httpx.UnsupportedProtocol, httpx.LocalProtocolError, UnicodeError) as error:
        raise OdibiError(f"the URL or a header can't be used: {type(error).__name__}") from None
    except httpx.HTTPError as error:
        raise TransientError(f"nobody answered: {type(error).__name__}") from None
    if answer.is_success:
        return
    what = f"the answer was {answer.status_code}: {answer.text.strip()[:200]}"
    if may_pass(answer):
        raise TransientError(what)
    raise OdibiError(what)


def _mail(alert: Alert, letter: Letter) -> None:
    message = EmailMessage()
    message["Subject"] = " ".join(str(letter["title"]).split())
    message["From"], message["To"] = alert.sender, ", ".join(alert.to)
    message.set_content(str(letter["text"]))
    context = ssl.create_default_context()
    host, port = alert.smtp_host or "", alert.smtp_port
    try:
        connection = (
            smtplib.SMTP_SSL(host, port, timeout=alert.timeout_s, context=context)
            if port == 465
            else smtplib.SMTP(host, port, timeout=alert.timeout_s)
        )
        with connection as server:
            if alert.starttls and port != 465:
                server.starttls(context=context)
            if alert.smtp_user is not None:
                server.login(alert.smtp_user, alert.smtp_password or "")
            server.send_message(message)
    except (smtplib.SMTPAuthenticationError, smtplib.SMTPNotSupportedError, ssl.SSLError) as error:
        raise OdibiError(f"the mail server refuses: {error}") from None
    except smtplib.SMTPResponseException as error:
        kind = TransientError if 400 <= error.smtp_code < 500 else OdibiError
        raise kind(f"the mail server refuses: {error.smtp_code} {error.smtp_error!r}") from None
    except smtplib.SMTPRecipientsRefused as error:
        raise OdibiError(f"the mail server refuses recipients: {', '.join(error.recipients)}") from None
    except (OSError, smtplib.SMTPException) as error:
        raise TransientError(f"the mail server can't be reached: {error}") from None


def _run(alert: Alert, letter: Letter) -> None:
    try:
        done = subprocess.run(  # noqa: S603 - the workspace says which command
            ["/bin/sh", "-c", alert.command or ""],
            input=json.dumps(letter),
            capture_output=True,
            text=True,
            # What a command says need not be text; only its end is told.
            encoding="utf-8",
            errors="replace",
            timeout=alert.timeout_s,
            check=False,
        )
    except OSError as error:
        raise TransientError(f"the command can't be started: {reason(error)}") from None
    except subprocess.TimeoutExpired:
        raise TransientError(f"the command did not end within {alert.timeout_s:g} s") from None
    if done.returncode != 0:
        raise TransientError(f"the command ended with code {done.returncode}: {done.stderr.strip()[-200:]}")


def _call(alert: Alert, letter: Letter, allowed: tuple[str, ...] | None) -> None:
    function = resolve_function(alert.function or "", allowed)
    raised = list[BaseException]()
    thread = threading.Thread(target=_guarded, args=(function, dict(letter), raised), daemon=True)
    thread.start()
    thread.join(alert.timeout_s)
    if thread.is_alive():
        raise TransientError(f"the function did not return within {alert.timeout_s:g} s")
    if raised:
        raise TransientError(f"the function raised {type(raised[0]).__name__}: {raised[0]}")


def _guarded(function: Callable[..., object], letter: dict[str, Any], raised: list[BaseException]) -> None:
    try:
        function(letter)
    except BaseException as error:  # noqa: BLE001 - it is told by who waits for it
        raised.append(error)
