"""Settings models as forms."""

from __future__ import annotations

from typing import Any

import pytest

from odibi_core.alerts.rule import Alert
from odibi_core.connections import CONNECTIONS
from odibi_core.schedules.schedule import Schedule
from odibi_studio.services.settings_form import FieldKind, check_form, form_fields, form_values, read_value


def test_every_setting_has_a_field_of_its_kind() -> None:
    fields = form_fields(Schedule)
    assert set(fields) == set(Schedule.model_fields)
    kinds = {key: fields[key].kind for key in ("cron", "settle_s", "missed", "after", "parameters")}
    assert kinds == {
        "cron": FieldKind.TEXT,
        "settle_s": FieldKind.NUMBER,
        "missed": FieldKind.CHOICE,
        "after": FieldKind.ENTRIES,
        "parameters": FieldKind.PAIRS,
    }
    assert fields["missed"].help.startswith("What becomes of ticks")
    assert fields["wait_at_most"].default == "6h"
    assert fields["pipeline"].is_required
    assert fields["settle_s"].title == "Settle (seconds)"


@pytest.mark.parametrize("kind", list(CONNECTIONS))
def test_every_kind_of_connection_has_a_form_without_its_kind(kind: str) -> None:
    fields = form_fields(CONNECTIONS[kind])
    assert fields
    assert "kind" not in fields


def test_what_is_filled_in_becomes_settings_and_comes_back() -> None:
    values = {
        "pipeline": " sales ",
        "cron": "0 2 * * *",
        "every": "",
        "parameters": {"region": "North", "top": "10", "": "x"},
        "after": [{"pipeline": "ingest", "dataset": ""}, {"pipeline": None}],
    }
    checked = check_form(Schedule, values)
    assert checked.settings is not None
    assert form_values(checked.settings) == {
        "pipeline": "sales",
        "cron": "0 2 * * *",
        "parameters": {"region": "North", "top": 10},
        "after": [{"pipeline": "ingest"}],
    }


@pytest.mark.parametrize(
    ("model", "values", "field", "says"),
    [
        (Schedule, {"cron": "0 2 * * *"}, "pipeline", "fill this in"),
        (Schedule, {"pipeline": "a", "cron": "0 2 *"}, "cron", "has 3 fields, not 5"),
        (Schedule, {"pipeline": "a", "every": "soon"}, "every", "no span of time"),
        (Schedule, {"pipeline": "a", "every": "1h", "time_zone": "Europe/Berln"}, "time_zone", "Berlin"),
        (
            Schedule,
            {"pipeline": "a", "every": "1h", "after": [{"within": "1d"}]},
            "after",
            "give pipeline or",
        ),
        (Alert, {"channel": "email"}, "smtp_host", "needs smtp_host"),
        (Alert, {"channel": "email", "smtp_password": "hunter2"}, "smtp_password", "not the secret itself"),
        (Alert, {"channel": "webhook", "headers": {"Authorization": "Bearer x"}}, "headers", "must hold"),
        (
            CONNECTIONS["postgresql"],
            {"database": "d", "user": "u", "password": "hunter2"},
            "password",
            "not the",
        ),
    ],
)
def test_a_mistake_is_told_at_its_field(model: Any, values: dict[str, Any], field: str, says: str) -> None:
    fixed = {"kind": "postgresql"} if "kind" in model.model_fields else {}
    checked = check_form(model, values, fixed)
    assert checked.settings is None
    assert says in checked.errors[field]
    assert "hunter2" not in str(checked.errors)


def test_numbers_and_yes_or_no_are_read_as_such_and_texts_stay() -> None:
    assert [read_value(text) for text in ("10", "1.5", "true", "{date}", "North", "007")] == [
        10,
        1.5,
        True,
        "{date}",
        "North",
        "007",
    ]
