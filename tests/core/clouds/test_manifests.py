"""Which objects count, whichever way a source names them."""

from __future__ import annotations

import json

import pytest
from tests.conftest import Run
from tests.core.clouds.conftest import Lake
from tests.core.clouds.test_formats import frame, read, write

from odibi_core.clouds.folders import MANIFEST

pytestmark = pytest.mark.xdist_group("object_stores")

SOURCES = {"": 3, "y1": 2, "y1/d1/*.json": 1, "y1/d?/p*.json": 1, "y*/**/*.json": 3, "y1/d1": 1}


def test_what_a_manifest_hides_counts_in_no_pattern_and_in_no_folder_above_or_below(
    s3_lake: Lake, run: Run
) -> None:
    for name in ("y1", "y2"):
        assert run(write("SELECT 1 AS id", s3_lake.url(name), "json")).success
    place = s3_lake.at(f"y1/{MANIFEST}")
    manifest = json.loads(s3_lake.store.read(place))
    told = {**manifest, "pending": {"dead": "part-dead-"}, "gone": ["d1/part-gone-0.json"]}
    s3_lake.put(f"y1/{MANIFEST}", json.dumps(told))
    for name in ("part-dead-0", "part-gone-0", "_hidden", ".hidden"):
        s3_lake.put(f"y1/d1/{name}.json", '{"id": 9}\n')
    s3_lake.put("y1/d1/plain.json", '{"id": 1}\n')
    for source, count in SOURCES.items():
        found = frame(run, read(s3_lake.url(source), "json"))
        assert list(found["id"]) == [1] * count, source
    # What a pattern spells out counts, but the record itself never does.
    assert list(frame(run, read(s3_lake.url("y1/d1/_h*.json"), "json"))["id"]) == [9]
    nothing = run(read(s3_lake.url("y1/_*.json"), "json"))
    assert "no object matches the pattern" in str(nothing.errors["read"])
