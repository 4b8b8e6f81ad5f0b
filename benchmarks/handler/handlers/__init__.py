"""Scripts that the benchmark loads as a container loads ``code/inference.py``."""
