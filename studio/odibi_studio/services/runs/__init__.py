"""Runs: asked for, watched, looked back at. All that is known of one comes from its journal."""
