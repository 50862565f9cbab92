"""How fast the project is, beside its peers: `python -m benchmarks`."""
