"""What a person can do in the Studio, without a browser: one module a subject."""
