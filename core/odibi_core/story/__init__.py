"""The parts of a run's story: reading lineage, laying out the graph and the timeline, the cards, the page."""
