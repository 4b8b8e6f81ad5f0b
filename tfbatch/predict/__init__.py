"""Predictions from a stage's real-time endpoint."""
