"""Says what a SavedModel takes and gives, and whether the handler can serve it."""
