"""Edges, cycles and waves."""
