"""Golden rows: what a step once gave for some rows, kept as a test that every engine has to pass."""
