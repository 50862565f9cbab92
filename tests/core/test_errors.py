"""What errors say."""

from __future__ import annotations

from odibi_core.errors import (
    OdibiError,
    PipelineInvalidError,
    Problem,
    Severity,
    UnknownNameError,
    did_you_mean,
)
from odibi_core.step import StepType


def test_an_error_says_where_what_and_how_to_mend_it() -> None:
    error = OdibiError("it is wrong", where="step 'a'", fix="make it right")
    assert str(error) == "step 'a': it is wrong\n  To mend it: make it right"
    assert str(OdibiError("it is wrong")) == "it is wrong"


def test_a_pipeline_s_error_lists_every_problem_errors_first() -> None:
    warning = Problem("hm", "a", "value", severity=Severity.WARNING)
    error = PipelineInvalidError([warning, Problem("no", "b", "params.x", "change it")], pipeline="p")
    assert str(error) == (
        "pipeline 'p': the pipeline has 1 mistake\n"
        "  - step 'b', params.x: no. Change it\n"
        "  - step 'a', value: hm"
    )


def test_near_names_are_offered_in_any_case() -> None:
    assert did_you_mean("amuont", ["amount", "id"]) == "did you mean 'amount'?"
    assert did_you_mean("AMOUNT", ["amount", "id"]) == "did you mean 'amount'?"
    assert did_you_mean("sqll", StepType) == "did you mean 'sql'?"


def test_without_near_names_the_known_ones_are_listed() -> None:
    assert did_you_mean("zzz", ["b", "a"]) == "known: 'a', 'b'"
    assert did_you_mean("zzz", []) == ""
    assert did_you_mean("zzz", [f"n{number:02}" for number in range(20)]).endswith("'n11' and 8 more")


def test_an_unknown_name_says_its_kind() -> None:
    error = UnknownNameError.of("format", "parqet", ["parquet", "csv"])
    assert str(error) == "format 'parqet' is not known\n  To mend it: did you mean 'parquet'?"
