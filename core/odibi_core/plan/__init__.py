"""Which steps fuse, what is materialised, and why."""
