"""The file forms of a pipeline: YAML, Python, JSON Schema, templates."""
