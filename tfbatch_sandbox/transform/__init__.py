"""The transform engine: what SageMaker does with a transform job between S3 and the container."""
