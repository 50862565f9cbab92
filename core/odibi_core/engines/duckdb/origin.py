"""The source behind a result that is read where somebody takes it."""

from __future__ import annotations

from collections.abc import Callable

from odibi_core.errors import SourceError
from odibi_core.late_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Origin:
    """A source that several regions read, each for itself.

    Attributes:
        source: As the step names it.
        format: The format's name.
        state: Gives its present state.
        seen: Its state when the run first looked at it.
    """

    source: str
    format: str
    state: Callable[[], object]
    seen: object

    def check(self) -> None:
        """Go on where the source is still as it was: the steps that read it must see the same rows.

        Raises:
            SourceError: It is not.
        """
        if self.state() != self.seen:
            raise SourceError(
                "the source changed while the run read it",
                where=self.source,
                fix="let nothing write to it while the run lasts, or set materialize: true on the step",
            )
