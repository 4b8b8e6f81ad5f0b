"""``tfbatch inspect``: shows what a SavedModel takes and gives, and if the handler can serve it."""
