"""Open Images as TFRecord files."""
