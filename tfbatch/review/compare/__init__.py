"""Compares two synthesized stages."""
