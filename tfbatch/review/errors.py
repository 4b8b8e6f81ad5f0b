"""The error that ends a review."""


class ReviewError(Exception):
    """A side can't be found or synthesized."""
