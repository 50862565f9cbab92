"""The children of a block list or mapping with the comment lines above them, put together in a new order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field

from odibi_core.late_dataclass import dataclass


@dataclass(slots=True)
class Child:
    """One entry or item.

    Attributes:
        body: Its text from its first character to the end of its last line.
        above: The comment and blank lines between it and what comes before, without line breaks.
        was: Its place among the children before the edit; None where it is new.
    """

    body: str
    above: list[str] = field(default_factory=list)
    was: int | None = None


def assemble(before: Sequence[Child], after: Sequence[Child], column: int, *, starts_line: bool) -> str:
    """The children in their new order, each below the comments that are its own.

    A comment goes with the child that it stands directly above; one that a blank line sets apart stays when
    that child is removed.

    Args:
        before: All children as they were.
        after: The children as they shall be.
        column: Where they stand, from 0.
        starts_line: Whether the first one may have lines above it.
    """
    spaced = {is_long: _are_spaced(before[1:], is_long=is_long) for is_long in (True, False)}
    kept = {child.was for child in after}
    orphaned: dict[int | None, list[str]] = {}
    lines: list[str] = []
    for position, child in enumerate(before):
        if position in kept:
            orphaned[position], lines = lines, []
        else:
            lines += _set_apart(child.above)
    pad = " " * column
    parts: list[str] = []
    for position, child in enumerate(after):
        above = orphaned.get(child.was, []) + _above(child, position, spaced=spaced["\n" in child.body])
        if position or starts_line:
            parts += [*above, pad + child.body]
        else:
            parts += [child.body, *(line for line in above if line.strip())]
    return "\n".join([*parts, *(line for line in lines if line.strip())])


def _are_spaced(children: Sequence[Child], *, is_long: bool) -> bool:
    """Whether most of the children that take several lines, or one, have a blank line above them."""
    alike = [child for child in children if ("\n" in child.body) is is_long]
    return 2 * sum("" in map(str.strip, child.above) for child in alike) >= len(alike) > 0


def _above(child: Child, position: int, *, spaced: bool) -> list[str]:
    above = child.above
    if position == 0 and child.was != 0:
        while above and not above[0].strip():
            above = above[1:]
    elif position and child.was in (None, 0) and spaced and "" not in map(str.strip, above):
        above = ["", *above]
    return above


def _set_apart(above: Sequence[str]) -> list[str]:
    """The lines up to the last blank one, where any of them says something."""
    blanks = [n for n, line in enumerate(above) if not line.strip()]
    apart = list(above[: blanks[-1] + 1]) if blanks else []
    return apart if any(line.strip() for line in apart) else []
