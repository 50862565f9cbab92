"""What a format declares is what it does: all that it declares works, all else is refused before a run."""

from __future__ import annotations

import json
import runpy
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import pytest
from jsonschema.validators import validator_for
from tests.core.formats.bench import Bench

from odibi_core.errors import PipelineInvalidError
from odibi_core.formats import describe_formats, format_named, format_names
from odibi_core.formats.base import WriteMode
from odibi_core.nodes.registry import compile_step
from odibi_core.testing import ingest_step, store_step

ROOT = Path(__file__).parents[3]
ROWS = "SELECT 1::BIGINT AS id, 'x' AS v UNION ALL SELECT 2, 'y'"
BOTH = [(name, mode) for name in format_names() for mode in WriteMode]


@cache
def script() -> dict[str, Any]:
    return runpy.run_path(str(ROOT / "scripts" / "make_formats.py"))


def more(name: str) -> dict[str, Any]:
    return {"table": "t"} if "table" in format_named(name).write_options.model_fields else {}


def refusal(name: str, **params: Any) -> str:
    step = store_step("s", f"a{format_named(name).extensions[0]}", "d", format=name, **more(name), **params)
    return str(PipelineInvalidError(compile_step(step, Path()).problems))


@pytest.mark.parametrize(("name", "mode"), BOTH)
def test_declared_modes_work_and_others_are_refused(bench: Bench, name: str, mode: WriteMode) -> None:
    key = ("id",) if mode is WriteMode.MERGE else ()
    if mode not in format_named(name).abilities.modes:
        assert f"{name} can't be written with mode '{mode.value}'" in refusal(name, mode=mode, merge_key=key)
        return

    path = bench.folder / f"a{format_named(name).extensions[0]}"
    made = bench.write(path, ROWS, mode.value, merge_key=key, format_name=name, **more(name))

    assert made.rows == 2
    assert sorted(bench.read(path, format_name=name, **more(name)).rows) == [(1, "x"), (2, "y")]
    assert "can't be written" not in refusal(name, mode=mode, merge_key=key)


@pytest.mark.parametrize("name", format_names())
def test_partitions_are_written_or_refused(bench: Bench, name: str) -> None:
    if not format_named(name).abilities.partition:
        assert f"{name} can't be partitioned. Use one of " in refusal(name, partitionBy="v")
        return

    bench.write(bench.folder / "t", ROWS, partition_by=("v",), format_name=name)

    assert sorted(bench.read(bench.folder / "t", format_name=name).rows) == [(1, "x"), (2, "y")]


def choices(annotation: Any) -> Iterator[str]:
    if get_origin(annotation) is Literal:
        yield from get_args(annotation)


@pytest.mark.parametrize("name", format_names())
def test_compressions_are_those_of_the_setting(bench: Bench, name: str) -> None:
    format_ = format_named(name)
    setting = format_.write_options.model_fields.get("compression")

    assert set(choices(setting.annotation) if setting else ()) - {"auto"} == set(
        format_.abilities.compressions
    )
    for compression in format_.abilities.compressions:
        folder = bench.folder / f"{name}-{compression}"
        bench.write(folder, ROWS, format_name=name, compression=compression)
        assert sorted(bench.read(folder, format_name=name).rows) == [(1, "x"), (2, "y")]
    assert "params.compression" in refusal(name, compression="rar")


@pytest.mark.parametrize("name", format_names())
def test_other_abilities_are_those_that_have_settings(name: str) -> None:
    format_ = format_named(name)
    reading, writing = set(format_.read_options.model_fields), set(format_.write_options.model_fields)

    assert (
        format_.abilities.tables == bool({"table", "sheet"} & reading) == bool({"table", "sheet"} & writing)
    )
    assert format_.abilities.evolves_schema == ("schema_mode" in writing)
    assert format_.abilities.travels_in_time == ({"version", "timestamp"} <= reading)
    assert format_.abilities.follows_changes == ("change_feed" in reading) == ("change_feed" in writing)
    if not format_.abilities.travels_in_time:
        step = ingest_step("d", "a", source_type=name, version=1)
        told = [str(problem) for problem in compile_step(step, Path()).problems]
        assert any("there is no setting 'version'" in problem for problem in told)


def test_types_are_kept_as_declared() -> None:
    found = script()["conversions"]()
    for name in format_names():
        kept = {type_ for type_, formats in found.items() if formats[name] == "kept"}
        assert kept == format_named(name).abilities.keeps_types, name


def test_the_page_of_the_formats_is_up_to_date() -> None:
    assert (ROOT / "docs" / "formats.md").read_text(encoding="utf-8") == script()["page"](), (
        "run scripts/make_formats.py"
    )


def test_the_formats_are_data_with_schemas() -> None:
    facts = json.loads(json.dumps(describe_formats()))

    assert [fact["name"] for fact in facts] == list(format_names())
    for fact in facts:
        assert fact["summary"].endswith(".")
        for side in ("read_options", "write_options"):
            validator_for(fact[side]).check_schema(fact[side])
    delta = next(fact for fact in facts if fact["name"] == "delta")
    assert "versionAsOf" in delta["read_options"]["properties"]
    assert delta["abilities"]["modes"] == ["overwrite", "append", "merge", "error", "ignore"]
