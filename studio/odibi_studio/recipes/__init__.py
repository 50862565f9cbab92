"""The self-service steps: forms that make SQL."""
