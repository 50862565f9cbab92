"""What the Studio remembers: one SQLite file a workspace."""
