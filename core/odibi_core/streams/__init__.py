"""Streams: what comes bit by bit, taken in batches that count once each."""
