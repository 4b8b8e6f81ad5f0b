"""Reads the two sides of a review: commits, the working tree, or what is deployed."""
