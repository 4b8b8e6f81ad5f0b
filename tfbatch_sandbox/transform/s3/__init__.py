"""S3 as the transform engine uses it."""
