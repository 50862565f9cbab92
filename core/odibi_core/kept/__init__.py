"""What the cache and the checkpoints share: results on disk that show whether they are whole."""
