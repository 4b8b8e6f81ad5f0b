"""``tfbatch wrap``: puts decoding, a batch dimension or top-k into a SavedModel's graph."""
