"""The handler's code. It is deployed in ``code/`` and imports nothing of the other packages."""
