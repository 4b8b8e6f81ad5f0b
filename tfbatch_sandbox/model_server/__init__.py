"""TensorFlow Serving's REST and gRPC APIs over a SavedModel in this process."""
