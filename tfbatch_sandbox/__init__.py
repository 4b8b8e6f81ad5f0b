"""AWS on your machine: the API server, the transform engine, the container, the model server."""
