"""Whether a pipeline gives the same on both engines, over the same sample of its sources."""

from odibi_core.parity.check import check_parity
from odibi_core.parity.report import ColumnDifference, Parity, RowDifference, StepParity, Verdict

__all__ = ["ColumnDifference", "Parity", "RowDifference", "StepParity", "Verdict", "check_parity"]
