"""Times the packing and checking of TFRecord files against TensorFlow's own code."""
