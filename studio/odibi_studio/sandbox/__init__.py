"""Runs the SQL that people preview, where it can reach nothing but the rows that it was given."""
