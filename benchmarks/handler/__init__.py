"""The handler against the article's, under the container's process model."""
