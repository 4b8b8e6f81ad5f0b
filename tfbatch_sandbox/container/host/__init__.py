"""What SageMaker does around a container: artifact, environment variables, start and log."""
