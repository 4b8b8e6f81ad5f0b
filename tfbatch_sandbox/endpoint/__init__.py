"""The containers behind SageMaker endpoints. Their API is in ``services/sagemaker``."""
