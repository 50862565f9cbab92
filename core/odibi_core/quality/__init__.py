"""Expectations in a run: measured on what steps make, kept over runs, and the rows that were taken out."""
