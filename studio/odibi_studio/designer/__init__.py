"""The designer: the component in which pipelines are composed, and the bundle that it is built into."""
