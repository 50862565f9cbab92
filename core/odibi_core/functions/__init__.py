"""The functions that steps name."""
