"""The file forms of a pipeline: YAML, Python, the JSON Schema, templates."""
