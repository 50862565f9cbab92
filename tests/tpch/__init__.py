"""The 22 business questions of the TPC-H benchmark, as pipelines."""
