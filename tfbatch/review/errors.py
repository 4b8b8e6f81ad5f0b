"""The error that ends a review."""


class ReviewError(Exception):
    """A side doesn't exist or can't be synthesized."""
