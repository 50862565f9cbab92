"""Lineage across the pipelines of a workspace: of datasets, and of their columns."""
