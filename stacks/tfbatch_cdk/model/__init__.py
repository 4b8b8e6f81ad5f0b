"""Turns a SavedModel into a SageMaker Model: artifact, packages and container image."""
