"""Compares permissions as sets of principal, action, resource and conditions."""
