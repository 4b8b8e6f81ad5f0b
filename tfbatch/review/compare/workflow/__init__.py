"""Compares the definitions of state machines."""
