"""AWS's TensorFlow Serving container, as ``docker run IMAGE serve`` runs it, without Docker."""
