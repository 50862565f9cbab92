from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest

from odibi_core.errors import UnknownNameError
from odibi_core.event_bus import EventBus
from odibi_core.logs import LOGGER_NAME, configure_logging, log_event
from odibi_core.secret_store import Redactor

log = logging.getLogger(f"{LOGGER_NAME}.test")


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    logger = logging.getLogger(LOGGER_NAME)
    before = (list(logger.handlers), logger.level, logger.propagate)
    yield
    logger.handlers[:], logger.level, logger.propagate = before
    logger.setLevel(before[1])


def test_a_line_of_text_holds_when_how_bad_what_and_the_fields() -> None:
    stream = io.StringIO()
    configure_logging(stream=stream)
    log.warning("%d rows were set aside", 3, extra={"run_id": "run-1", "step": "load orders", "rows": 3})
    moment, line = stream.getvalue().split(" ", 1)
    assert line == 'WARNING 3 rows were set aside run_id=run-1 step="load orders" rows=3\n'
    assert moment.endswith("+00:00")


def test_a_line_of_json_has_the_fields_as_keys() -> None:
    stream = io.StringIO()
    configure_logging(form="json", stream=stream)
    log.info(
        "done\nnow", extra={"run_id": "run-1", "timestamp": "mine", "ratio": float("inf"), "odd": {1, 2}}
    )
    (line,) = stream.getvalue().splitlines()
    entry = json.loads(line)
    assert entry["message"] == "done\nnow"
    assert (entry["level"], entry["logger"], entry["run_id"]) == ("info", "odibi_core.test", "run-1")
    assert (entry["field_timestamp"], entry["ratio"], entry["odd"]) == ("mine", "inf", ["1", "2"])


@pytest.mark.parametrize("form", ["text", "json"])
def test_no_part_of_a_line_shows_a_secret(form: str) -> None:
    redactor, stream = Redactor(), io.StringIO()
    configure_logging(form=form, redactor=redactor, stream=stream)
    redactor.add('hunter "22"')
    try:
        raise ValueError('login with hunter "22"')
    except ValueError:
        log.exception(
            "login %s as %r", 'hunter "22"', {"p": 'hunter "22"'}, extra={"url": "x?p=hunter%20%2222%22"}
        )
    assert "hunter" not in stream.getvalue().replace('raise ValueError("login with hunter', "")
    assert "ValueError: login with ***" in stream.getvalue()


def test_a_name_cannot_forge_a_line_or_steer_a_terminal() -> None:
    stream = io.StringIO()
    configure_logging(stream=stream)
    log.info("step %s", "a\n2026-01-01 ERROR forged \x1b[31m", extra={"step": "b\nERROR"})
    _, second = stream.getvalue().splitlines()
    assert second.startswith("    2026-01-01 ERROR forged \\x1b[31m")
    assert second.endswith('step="b\\nERROR"')


def test_the_level_decides_what_is_written() -> None:
    stream = io.StringIO()
    configure_logging("warning", stream=stream)
    log.info("quiet")
    log.error("loud")
    assert "quiet" not in stream.getvalue()
    assert "loud" in stream.getvalue()


def test_configuring_again_replaces_our_handler_and_leaves_others() -> None:
    theirs = logging.NullHandler()
    logging.getLogger(LOGGER_NAME).addHandler(theirs)
    first, second = io.StringIO(), io.StringIO()
    configure_logging(stream=first)
    configure_logging(stream=second)
    log.info("once")
    assert first.getvalue() == ""
    assert second.getvalue().count("once") == 1
    assert theirs in logging.getLogger(LOGGER_NAME).handlers


def test_an_unknown_level_or_form_is_an_error_with_near_names() -> None:
    with pytest.raises(UnknownNameError, match=r"log level 'WARNIN' is not known[\s\S]*'WARNING'"):
        configure_logging("WARNIN")
    with pytest.raises(UnknownNameError, match=r"log form 'jsn' is not known[\s\S]*'json'"):
        configure_logging(form="jsn")


def test_the_events_of_a_run_are_logged_with_their_fields() -> None:
    stream = io.StringIO()
    configure_logging(form="json", stream=stream)
    bus = EventBus()
    bus.bind("orders", "run-1")
    bus.subscribe(log_event)
    bus.emit("node_start", step_name="load", layer="bronze")
    bus.emit("node_warning", step_name="load", layer="bronze", message="odd rows")
    bus.emit("node_error", step_name="load", layer="bronze", error_message="no such file", _inputs={})
    warned, failed = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert (warned["level"], warned["warning"], warned["step"]) == ("warning", "odd rows", "load")
    assert failed["message"] == "a step failed"
    assert (failed["error_message"], failed["run_id"], failed["pipeline"]) == (
        "no such file",
        "run-1",
        "orders",
    )
