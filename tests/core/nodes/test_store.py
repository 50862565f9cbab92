"""What a store step may ask for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from odibi_core.engines.operations import Send, Write
from odibi_core.formats.base import WriteMode
from odibi_core.formats.csv_options import CsvWriteOptions
from odibi_core.nodes.registry import compile_step
from odibi_core.step import Step
from odibi_core.testing import store_step


def problems(path: str, **params: Any) -> list[str]:
    return [str(problem) for problem in compile_step(store_step("s", path, "d", **params), Path()).problems]


def test_the_format_follows_from_the_path() -> None:
    operation = compile_step(
        store_step("s", "out/a.parquet", "d", mode="append", partitionBy="x"), Path()
    ).operation
    assert isinstance(operation, Write)
    assert (operation.format, operation.mode, operation.partition_by) == ("parquet", WriteMode.APPEND, ("x",))


@pytest.mark.parametrize(
    ("path", "params", "delimiter"),
    [
        ("a.csv", {}, ","),
        ("a.tsv", {}, "\t"),
        ("out/A.TSV.gz", {}, "\t"),
        ("a.tsv", {"sep": ";"}, ";"),
        ("a.tsv", {"delimiter": ","}, ","),
        ("a.tsv.csv", {}, ","),
    ],
)
def test_fields_of_tsv_are_told_apart_by_tabs(path: str, params: dict[str, Any], delimiter: str) -> None:
    operation = compile_step(store_step("s", path, "d", **params), Path()).operation
    assert isinstance(operation, Write)
    assert isinstance(operation.options, CsvWriteOptions)
    assert operation.options.delimiter == delimiter


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"mode": "merge"}, "params.merge_key: merge needs the columns"),
        ({"mode": "replace"}, "params.mode: input should be 'overwrite', 'append'"),
        ({"merge_key": "id"}, "params.merge_key: merge_key means nothing with mode 'overwrite'"),
        ({"fromat": "csv"}, "there is no setting 'fromat' here. Did you mean 'format'?"),
        ({"format": "parqet"}, "Did you mean 'parquet'?"),
        ({"retry_delay": -1}, "params.retry_delay: input should be greater than or equal to 0"),
        ({"compression": "rar"}, "params.compression"),
    ],
)
def test_mistakes_are_told_with_their_field(params: dict[str, Any], message: str) -> None:
    assert any(message in problem for problem in problems("a.parquet", **params)), problems(
        "a.parquet", **params
    )


def test_several_mistakes_of_one_step_are_told_together() -> None:
    told = "\n".join(problems("a.csv", mode="merge", delimitr=";"))
    assert "merge_key" in told
    assert "delimitr" in told


def test_an_endpoint_is_sent_to() -> None:
    step = Step("publish", "p", "api", "", "https://example.com/rows", {"batch_size": 10}, {"data": "d"})
    operation = compile_step(step, Path()).operation
    assert isinstance(operation, Send)
    assert (operation.url, operation.method, operation.batch_size) == ("https://example.com/rows", "POST", 10)


def test_a_value_that_is_no_text_is_told() -> None:
    step = Step("store", "s", "config_op", "", None, {}, {"data": "d"})
    assert "the value must be the path to write" in str(compile_step(step, Path()).problems[0])
