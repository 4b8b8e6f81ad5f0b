"""The error that ends a review."""


class ReviewError(Exception):
    """A revision can't be found or synthesized."""
