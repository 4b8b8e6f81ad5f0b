"""SavedModels loaded and run through TensorFlow's C API."""
