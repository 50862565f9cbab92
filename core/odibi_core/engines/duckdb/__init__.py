"""The DuckDB engine, which serves `pandas`."""
