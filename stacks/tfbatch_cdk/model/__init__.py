"""From a SavedModel to a SageMaker Model: the artifact, its packages and the container image."""
