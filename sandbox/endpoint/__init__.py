"""The containers behind SageMaker endpoints; the API in front of them is in sandbox/plugins."""
