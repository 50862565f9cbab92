"""Which runs of a pipeline can be compared."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any


def variant_of(parameters: Mapping[str, Any]) -> str:
    """What tells runs of a pipeline apart that can't be compared: its parameters, but for days."""
    told = {name: value for name, value in parameters.items() if not isinstance(value, dt.date)}
    return json.dumps(told, sort_keys=True, default=str)
