"""AWS on this machine: API server, transform engine, container and model server."""
