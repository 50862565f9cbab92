"""The libraries of a process that runs one pipeline and ends."""

from __future__ import annotations

import gc


def settle_libraries() -> None:
    """Load what every run needs, and have the garbage collector pass over it from then on.

    It stays until the process ends; to look through it now and then, and once more at the end, took a tenth
    of a short run. Only for a process of our own in which nothing of the user's is loaded yet: what pipelines
    make is looked through as ever.
    """
    import odibi_core.cli.ordered_run
    import odibi_core.orchestrator  # noqa: F401

    gc.freeze()
