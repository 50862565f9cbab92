"""Metrics in Prometheus' text format.

Every run writes them. To load Prometheus' own library takes a short run longer than all its reports: that is
for those who serve metrics.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import field
from typing import TYPE_CHECKING

from odibi_core.late_dataclass import dataclass

if TYPE_CHECKING:
    from prometheus_client.core import Metric

_ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n"})
_TO_ESCAPE = re.compile(r'[\\\n"]').search
_LABEL_ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})


@dataclass(frozen=True, slots=True)
class Family:
    """A quantity, and its values for one or several things.

    Attributes:
        name: Its name; that of a counter without `_total`.
        help: What it is, as a sentence.
        labels: The names of what tells its values apart.
        is_counter: Whether it only ever rises.
        samples: Values of the labels, and the value.
    """

    name: str
    help: str
    labels: Sequence[str] = ()
    is_counter: bool = False
    samples: list[tuple[Sequence[str], float]] = field(default_factory=list)

    def add(self, labels: Sequence[str], value: float) -> None:
        """Take a value."""
        self.samples.append((labels, value))

    def text(self) -> str:
        """The lines of the family."""
        name, kind = (f"{self.name}_total", "counter") if self.is_counter else (self.name, "gauge")
        lines = [f"# HELP {name} {self.help.translate(_ESCAPES)}", f"# TYPE {name} {kind}"]
        # No name of a family or label has a percent sign in it.
        pairs = ",".join([f'{label}="%s"' for label in self.labels])
        labelled = f"{name}{{{pairs}}} %s" if pairs else f"{name} %s"
        for values, value in self.samples:
            lines.append(labelled % (*_escaped(values), _number(value)))
        return "\n".join([*lines, ""])

    def metric(self) -> Metric:
        """The family as Prometheus' own library has it."""
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        kind = CounterMetricFamily if self.is_counter else GaugeMetricFamily
        made = kind(self.name, self.help, labels=self.labels)
        for values, value in self.samples:
            made.add_metric(values, value)
        return made


def write_families(families: Iterable[Family]) -> str:
    """The text of families, as a scrape answers it."""
    return "".join(family.text() for family in families)


def _escaped(labels: Sequence[str]) -> Sequence[str]:
    # To look whether there is anything to escape takes a fifth of the time.
    return [label.translate(_LABEL_ESCAPES) for label in labels] if _TO_ESCAPE("".join(labels)) else labels


def _number(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return repr(float(value))
