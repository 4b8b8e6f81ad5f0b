"""Finds the settings at which a stage predicts fastest, by trying."""
