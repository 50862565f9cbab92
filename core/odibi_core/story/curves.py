"""SVG paths: smooth curves, and right-angled ones with rounded corners."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from odibi_core.story.wording import pixels

Point = tuple[float, float]

_CORNER_RADIUS = 9.0


def smooth(points: Sequence[Point], *, label_late: bool) -> tuple[str, Point]:
    """A path that leaves and reaches every second point level, and the place of its label.

    Args:
        points: A curve goes from the first to the second, a straight line on to the third, and so on.
        label_late: Whether the label stands near the end of the last curve, else near the start of the first.
    """
    parts = [f"M{_at(points[0])}"]
    for index, (start, end) in enumerate(pairwise(points)):
        if index % 2:
            parts.append(f"L{_at(end)}")
        else:
            middle = (start[0] + end[0]) / 2
            parts.append(f"C{_at((middle, start[1]))} {_at((middle, end[1]))} {_at(end)}")
    ends = points[-2:] if label_late else points[:2]
    return "".join(parts), _along(ends[0], ends[1], 0.66 if label_late else 0.4)


def rounded(points: Sequence[Point]) -> str:
    """A path of straight lines whose corners are rounded."""
    corners = [
        point for index, point in enumerate(points) if index == 0 or math.dist(point, points[index - 1]) > 0.1
    ]
    parts = [f"M{_at(corners[0])}"]
    for before, corner, after in zip(corners, corners[1:], corners[2:], strict=False):
        radius = min(_CORNER_RADIUS, math.dist(before, corner) / 2, math.dist(corner, after) / 2)
        parts.append(f"L{_at(_towards(corner, before, radius))}")
        parts.append(f"Q{_at(corner)} {_at(_towards(corner, after, radius))}")
    return "".join([*parts, f"L{_at(corners[-1])}"])


def _along(start: Point, end: Point, share: float) -> Point:
    """A point on the curve that `smooth` draws between two points."""
    rest, middle = 1 - share, (start[0] + end[0]) / 2
    weights = (rest**3, 3 * rest**2 * share, 3 * rest * share**2, share**3)
    xs, ys = (start[0], middle, middle, end[0]), (start[1], start[1], end[1], end[1])
    return (
        sum(weight * x for weight, x in zip(weights, xs, strict=True)),
        sum(weight * y for weight, y in zip(weights, ys, strict=True)),
    )


def _towards(start: Point, end: Point, length: float) -> Point:
    share = length / math.dist(start, end)
    return start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share


def _at(point: Point) -> str:
    return f"{pixels(point[0])},{pixels(point[1])}"
