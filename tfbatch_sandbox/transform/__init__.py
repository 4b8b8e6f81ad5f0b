"""The transform engine: runs a transform job between S3 and its containers."""
