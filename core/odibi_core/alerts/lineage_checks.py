"""What was found of a step's expectations, as OpenLineage has it: assertions about a dataset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from odibi_core.alerts.lineage_names import Name
from odibi_core.expectations.results import ResultState

if TYPE_CHECKING:
    from openlineage.client.event_v2 import InputDataset
    from openlineage.client.facet_v2 import InputDatasetFacet
    from openlineage.client.generated.data_quality_assertions_dataset import Assertion

_STOPS = (ResultState.FAILED,)


def tested_datasets(
    results: Sequence[Mapping[str, Any]], names: Mapping[str, Name]
) -> tuple[list[InputDataset], bool]:
    """The outputs of a step with what expectations found of them, and whether one failed the step.

    Args:
        results: See `ExpectationResult`.
        names: Output → the dataset's name.
    """
    from openlineage.client.event_v2 import InputDataset
    from openlineage.client.facet_v2 import data_quality_assertions_dataset as assertions
    from openlineage.client.facet_v2 import data_quality_metrics_input_dataset as metrics

    tested = []
    for output, name in names.items():
        about = [one for one in results if (one.get("output") or next(iter(names))) == output]
        if not about:
            continue
        found = [made for one in about for made in _assertions(one)]
        facets: dict[str, InputDatasetFacet] = {
            "dataQualityAssertions": assertions.DataQualityAssertionsDatasetFacet(found),
            "dataQualityMetrics": metrics.DataQualityMetricsInputDatasetFacet({}, rowCount=about[0]["rows"]),
        }
        tested.append(InputDataset(*name, inputFacets=facets))
    return tested, any(one["state"] in _STOPS for one in results)


def _assertions(result: Mapping[str, Any]) -> list[Assertion]:
    """One for each column of what single columns are, else one: which of them broke it, nobody knows."""
    from openlineage.client.facet_v2 import data_quality_assertions_dataset as assertions

    is_met = result["state"] == ResultState.PASSED
    severity = "error" if result["state"] in (*_STOPS, ResultState.UNMET) else "warn"
    columns: list[str | None] = list(result.get("columns") or ())
    if not columns or (len(columns) > 1 and not (is_met and result["check"] == "not_null")):
        columns = [None]
    offending = result.get("offending_rows")
    return [
        assertions.Assertion(
            assertion=result["check"],
            success=is_met,
            column=column,
            # Of what is met nothing tells what would have become of the run.
            severity=None if is_met else severity,
            name=result["name"],
            description=result["message"] or None,
            actual=None if offending is None else f"{offending} of {result['rows']} rows offend",
        )
        for column in columns
    ]
