from __future__ import annotations

from scripts.make_messages import TARGET, typescript


def test_the_browsers_messages_are_those_of_the_server() -> None:
    assert TARGET.read_text(encoding="utf-8") == typescript(), "run python scripts/make_messages.py"
