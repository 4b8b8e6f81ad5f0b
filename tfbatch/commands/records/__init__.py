"""Commands about TFRecord files."""
