"""Worker processes: functions beside the run, so that they use all cores and can be stopped at any moment."""

from odibi_core.workers.pool import ProcessPool

__all__ = ["ProcessPool"]
