"""Exported models: a network with its weights becomes a SavedModel that takes encoded images."""
