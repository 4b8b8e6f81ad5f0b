"""TensorFlow Serving in this machine's Python: its REST API over an in-process SavedModel."""
