"""Writes a run's results as one HTML page."""
