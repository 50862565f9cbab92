"""Object stores: where they are, how they are read and written, and what goes wrong there."""
