"""Keeps what is needed to find a mistake of ours, out of the user's sight."""

from __future__ import annotations

import datetime as dt
import os
import platform
import secrets
import tempfile
import traceback
from pathlib import Path

from odibi_core import __version__
from odibi_core.cli.session import Session
from odibi_core.errors import OdibiError


def keep_crash(error: BaseException, session: Session) -> Path | None:
    """The file that now holds the traceback, without local variables; None where no folder takes it."""
    moment = dt.datetime.now(dt.UTC)
    text = "\n".join(
        [
            f"odibi-studio {__version__}, Python {platform.python_version()}, {platform.platform()}",
            f"{moment.isoformat(timespec='seconds')}, command: {session.command}",
            "",
            "".join(traceback.format_exception(error)),
        ]
    )
    if session.terminal.redactor is not None:
        text = session.terminal.redactor.text(text)
    name = f"crash-{moment:%Y%m%dT%H%M%S}-{secrets.token_hex(2)}.txt"
    for folder in (_state_folder(session), Path(tempfile.gettempdir())):
        if folder is None:
            continue
        try:
            folder.mkdir(exist_ok=True)
            with os.fdopen(os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(text)
        except (OSError, UnicodeError):
            continue
        return folder / name
    return None


def _state_folder(session: Session) -> Path | None:
    try:
        return session.workspace().state / "crashes"
    except (OdibiError, OSError):
        return None
