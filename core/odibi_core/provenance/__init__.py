"""Where rows come from: each row of a SELECT with the rows of its inputs that made it."""
