"""What stops a review, with a message that says what was found and what to do."""


class ReviewError(Exception):
    """A side can't be found or synthesized."""
