"""Object stores and file systems, over fsspec."""
