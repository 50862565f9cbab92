"""Schedules: when a pipeline or a function is to run, and what became of each time."""
