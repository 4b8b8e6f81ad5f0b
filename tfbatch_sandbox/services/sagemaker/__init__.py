"""SageMaker: models, transform jobs and endpoints that run."""
