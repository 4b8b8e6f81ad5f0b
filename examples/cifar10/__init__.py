"""CIFAR-10: a model trained here, served for its test images."""
