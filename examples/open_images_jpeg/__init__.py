"""Open Images as JPEG objects."""
