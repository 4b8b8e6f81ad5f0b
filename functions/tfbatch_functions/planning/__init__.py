"""Planning a run: list the inputs, estimate time and cost, and divide the inputs into shards."""
