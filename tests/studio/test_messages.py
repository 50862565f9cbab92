from __future__ import annotations

import pytest
from scripts.make_messages import MADE, SOURCES


@pytest.mark.parametrize("name", MADE)
def test_what_the_browser_has_of_the_server_is_current(name: str) -> None:
    assert (SOURCES / name).read_text(encoding="utf-8") == MADE[name](), "run python scripts/make_messages.py"
