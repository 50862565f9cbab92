"""The run journal: append, read, follow."""
