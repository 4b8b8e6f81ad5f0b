"""Accounting for every input of a run: outputs, error lines and exceptions."""
