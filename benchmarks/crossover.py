"""Draws from which size on Spark is the faster engine: `python -m benchmarks.crossover FIGURES PICTURE`.

The figures are those that the group `spark` leaves in bench-results/spark.json.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

TITLE = "Spark or DuckDB"
"""The table of the figures that is drawn."""
_WIDTH, _HEIGHT, _SCALE = 560, 300, 2
_COLOURS = {"DuckDB": "#4c78a8", "Spark": "#f58518", "Spark, with its start": "#f9c48d"}


def points(figures: dict[str, Any]) -> list[dict[str, Any]]:
    """The engine, the rows and the seconds of every point; once more for Spark, with what its start takes."""
    (sizes,) = [table["rows"] for table in figures["tables"] if table["title"] == TITLE]
    start_s = figures["measured"]["start"][0]["inside"]["run_wall_s"]
    made = []
    for size in sizes:
        seconds = {"DuckDB": size["DuckDB s"], "Spark": size["Spark s"]}
        seconds["Spark, with its start"] = size["Spark s"] + start_s
        rows = int(size["rows"].replace(",", ""))
        made += [{"engine": engine, "rows": rows, "s": taken} for engine, taken in seconds.items()]
    return made


def draw(figures: dict[str, Any], picture: Path) -> None:
    """Draw the points as lines into a PNG file, with both axes by powers of ten."""
    import vl_convert

    colour = {
        "field": "engine",
        "type": "nominal",
        "title": None,
        "scale": {"domain": list(_COLOURS), "range": list(_COLOURS.values())},
    }
    drawn = {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "width": _WIDTH,
        "height": _HEIGHT,
        "background": "white",
        "data": {"values": points(figures)},
        "mark": {"type": "line", "point": True},
        "encoding": {"x": _axis("rows", "rows", "~s"), "y": _axis("s", "seconds", "~g"), "color": colour},
    }
    picture.write_bytes(vl_convert.vegalite_to_png(drawn, scale=_SCALE))


def _axis(field: str, title: str, form: str) -> dict[str, Any]:
    scale, axis = {"type": "log"}, {"format": form}
    return {"field": field, "type": "quantitative", "title": title, "scale": scale, "axis": axis}


if __name__ == "__main__":
    draw(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")), Path(sys.argv[2]))
