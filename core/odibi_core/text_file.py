"""Text files that are replaced whole: a reader sees the old text or the new one."""

from __future__ import annotations

import secrets
from pathlib import Path


def write_text_file(path: str | Path, text: str) -> Path:
    """The path of the file that now holds `text` as UTF-8. Folders that lack are made.

    Raises:
        TargetError: The file can't be written; what was there is unchanged.
    """
    from odibi_core.formats.atomic import publish, staged
    from odibi_core.formats.base import Ticket

    target = Path(path).absolute()
    with staged(target, Ticket(run_id=secrets.token_hex(8), step=target.name)) as draft:
        # Half of a surrogate pair can't be written as UTF-8; its escape means the same in JSON.
        draft.write_bytes(text.encode("utf-8", errors="backslashreplace"))
        publish(draft, target)
    return target
