"""The ``tfbatch`` command."""
