"""What a step's output is expected to be: the kinds of expectations, their SQL, and how they are judged."""
