"""What ``docker run IMAGE serve`` does in AWS's TensorFlow Serving container, without Docker."""
