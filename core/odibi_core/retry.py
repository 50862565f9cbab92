"""When a failed step is tried again, and what its failure is called."""

from __future__ import annotations

import errno

from odibi_core.errors import OdibiError, StepError, TransientError
from odibi_core.late_dataclass import dataclass
from odibi_core.nodes.settings import StepSettings

_PASSING = {
    errno.EAGAIN,
    errno.EBUSY,
    errno.ECONNABORTED,
    errno.ECONNREFUSED,
    errno.ECONNRESET,
    errno.EHOSTUNREACH,
    errno.EINTR,
    errno.ENETDOWN,
    errno.ENETUNREACH,
    errno.EPIPE,
    errno.ESTALE,
    errno.ETIMEDOUT,
}


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and when a step is tried again.

    Attributes:
        max_retries: Tries after the first one.
        retry_delay_s: Seconds before the first retry.
        retry_backoff: Whether each further wait is twice as long.
    """

    max_retries: int = 0
    retry_delay_s: float = 1.0
    retry_backoff: bool = False

    def with_settings(self, settings: StepSettings) -> RetryPolicy:
        """This policy with what a step says of its own."""
        if settings.max_retries is None and settings.retry_delay is None and settings.retry_backoff is None:
            return self
        return RetryPolicy(
            self.max_retries if settings.max_retries is None else settings.max_retries,
            self.retry_delay_s if settings.retry_delay is None else settings.retry_delay,
            self.retry_backoff if settings.retry_backoff is None else settings.retry_backoff,
        )

    def delay_s(self, retry: int, chance: float) -> float:
        """Seconds before a retry: 5, 10, 20 with backoff from 5, and up to a tenth more.

        Args:
            retry: 1 for the first.
            chance: Between 0 and 1; spreads steps that failed together, so that they don't meet again.
        """
        base = self.retry_delay_s * (2 ** (retry - 1) if self.retry_backoff else 1)
        return base * (1 + 0.1 * chance)


def as_step_error(error: BaseException, step: str) -> OdibiError:
    """The error with the step it happened in; one of the system is transient where it may pass."""
    place = f"step {step!r}"
    if isinstance(error, OdibiError):
        if not error.where.startswith("step "):
            error.where = f"{place}, {error.where}" if error.where else place
        return error
    kind = StepError
    if isinstance(error, ConnectionError | TimeoutError) or (
        isinstance(error, OSError) and error.errno in _PASSING
    ):
        kind = TransientError  # type: ignore[assignment]
    told = kind(f"{type(error).__name__}: {error}", where=place)
    told.__cause__ = error
    return told
