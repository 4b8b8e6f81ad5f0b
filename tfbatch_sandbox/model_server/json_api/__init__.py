"""The JSON of TensorFlow Serving's REST API."""
