"""Structured logs of the core: lines for people, or JSON lines for machines, never with a secret in them."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, TextIO

from odibi_core.errors import UnknownNameError
from odibi_core.events import EventType
from odibi_core.json_text import JsonEncoder
from odibi_core.secret_store import Redactor

LOGGER_NAME = "odibi_core"

_log = logging.getLogger(LOGGER_NAME)
_STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
_ESCAPES = {code: f"\\x{code:02x}" for code in (*range(32), 127) if chr(code) not in "\n\t"}


class LogForm(StrEnum):
    """How a log line is written."""

    TEXT = "text"
    JSON = "json"


class _StructuredFormatter(logging.Formatter):
    """Everything that was given as `extra` is a field.

    Secrets are hidden here and not by a filter: only the finished line has the arguments, the fields and the
    traceback in it.
    """

    def __init__(self, redactor: Redactor | None) -> None:
        super().__init__()
        self.redactor = redactor or Redactor()

    @staticmethod
    def fields(record: logging.LogRecord) -> dict[str, Any]:
        """What was given as `extra`, such as run_id and step."""
        return {name: value for name, value in record.__dict__.items() if name not in _STANDARD}

    @staticmethod
    def moment(record: logging.LogRecord) -> str:
        """When it was logged, in UTC."""
        return dt.datetime.fromtimestamp(record.created, dt.UTC).isoformat(timespec="milliseconds")

    def trouble(self, record: logging.LogRecord) -> str:
        """The traceback where somebody logged one, without local variables."""
        return self.formatException(record.exc_info) if record.exc_info else record.exc_text or ""


class TextFormatter(_StructuredFormatter):
    """One line: when, how bad, what, and the fields."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as text."""
        fields = "".join(
            f" {name}={_quoted(self.redactor.text(str(value)))}"
            for name, value in self.fields(record).items()
        )
        # Lines after the first are indented: a name with a newline in it can't pass for a line of the log.
        message = record.getMessage().replace("\n", "\n    ")
        line = f"{self.moment(record)} {record.levelname:<7} {message}{fields}"
        if trouble := self.trouble(record):
            line = f"{line}\n{trouble}"
        return self.redactor.text(line).translate(_ESCAPES)


class JsonFormatter(_StructuredFormatter):
    """One JSON object a line: timestamp, level, logger, message, the fields, and the traceback if any."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as JSON."""
        entry: dict[str, Any] = {
            "timestamp": self.moment(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        for name, value in self.fields(record).items():
            entry[f"field_{name}" if name in entry else name] = value
        if trouble := self.trouble(record):
            entry["traceback"] = trouble
        text = JsonEncoder(self.redactor).encode(entry)
        return text.encode("utf-8", errors="backslashreplace").decode()


def configure_logging(
    level: str = "INFO",
    form: LogForm | str = LogForm.TEXT,
    redactor: Redactor | None = None,
    stream: TextIO | None = None,
    *,
    takes_all: bool = False,
) -> logging.Handler:
    """The handler that now writes the core's logs; one from an earlier call is replaced.

    Args:
        level: "DEBUG", "INFO", "WARNING", "ERROR" or "CRITICAL".
        form: "text" or "json".
        redactor: Hides secrets.
        stream: Where to write; standard error where none is given.
        takes_all: Whether warnings and errors of everything else in the process are written too, such as
            those of the functions that a pipeline calls: else Python writes them, secrets and all.

    Raises:
        UnknownNameError: The level or the form is unknown.
    """
    if level.upper() not in _LEVELS:
        raise UnknownNameError.of("log level", level, _LEVELS)
    if form not in list(LogForm):
        raise UnknownNameError.of("log form", str(form), LogForm)
    handler = _OurHandler(stream)
    handler.setFormatter((JsonFormatter if form == LogForm.JSON else TextFormatter)(redactor))
    root = logging.getLogger()
    for logger in (_log, root):
        for known in [known for known in logger.handlers if isinstance(known, _OurHandler)]:
            logger.removeHandler(known)
    _log.addHandler(handler)
    if takes_all:
        root.addHandler(handler)
        logging.captureWarnings(True)
    _log.setLevel(level.upper())
    _log.propagate = False
    return handler


def log_event(event: Mapping[str, Any]) -> None:
    """Log what happens in a run: subscribe it to the event bus (`bus.subscribe(log_event)`)."""
    level, text = _EVENT_LINES.get(event["event_type"], (logging.DEBUG, event["event_type"]))
    if not _log.isEnabledFor(level):
        return
    fields = {
        "pipeline": event["pipeline_name"],
        "run_id": event["run_id"],
        "event": event["event_type"],
        "step": event.get("step_name"),
        "layer": event.get("layer"),
        "warning": event.get("message"),
        **{key: event[key] for key in _SHOWN if key in event},
    }
    _log.log(level, text, extra={name: value for name, value in fields.items() if value not in (None, "")})


_SHOWN = (
    "total_steps",
    "state",
    "status",
    "row_count",
    "duration_ms",
    "duration_scope",
    "retry_count",
    "delay_s",
    "rejected_rows",
    "expectation",
    "offending_rows",
    "quarantined_rows",
    "path",
    "reason",
    "error_message",
    "error_type",
    "fix",
    "failed_step",
    "report",
    "checkpoint_id",
)
_EVENT_LINES: Mapping[str, tuple[int, str]] = {
    EventType.PIPELINE_START: (logging.INFO, "the run started"),
    EventType.PIPELINE_COMPLETE: (logging.INFO, "the run ended"),
    EventType.PIPELINE_ERROR: (logging.ERROR, "the run failed"),
    EventType.RUN_CANCELLED: (logging.WARNING, "the run was cancelled"),
    EventType.NODE_START: (logging.DEBUG, "a step started"),
    EventType.NODE_COMPLETE: (logging.INFO, "a step is complete"),
    EventType.NODE_ERROR: (logging.ERROR, "a step failed"),
    EventType.NODE_RETRY: (logging.WARNING, "a step is tried again"),
    EventType.NODE_SKIPPED: (logging.WARNING, "a step was skipped"),
    EventType.NODE_CANCELLED: (logging.WARNING, "a step was cancelled"),
    EventType.ROWS_REJECTED: (logging.WARNING, "rows were rejected"),
    EventType.EXPECTATIONS_CHECKED: (logging.DEBUG, "expectations were looked at"),
    EventType.EXPECTATION_FAILED: (logging.WARNING, "an expectation is not met"),
    EventType.ROWS_QUARANTINED: (logging.WARNING, "rows were set aside"),
    EventType.NO_ROWS: (logging.WARNING, "a step gave no rows"),
    EventType.NODE_WARNING: (logging.WARNING, "a step warns"),
    EventType.CHECKPOINT_SAVED: (logging.INFO, "a checkpoint was saved"),
    EventType.REPORT_FAILED: (logging.WARNING, "a report failed"),
}


class _OurHandler(logging.StreamHandler[TextIO]):
    """Tells our handler from those that a program added itself."""


def _quoted(text: str) -> str:
    plain = text and not any(letter in ' "=\\' or not letter.isprintable() for letter in text)
    return text if plain else JsonEncoder().encode(text)
