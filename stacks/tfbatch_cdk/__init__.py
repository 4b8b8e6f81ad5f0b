"""Constructs for TensorFlow batch inference with SageMaker Batch Transform."""
