"""One package a backend, with the same file names in each."""
