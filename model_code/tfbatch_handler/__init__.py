"""What ``inference.py`` needs; shipped beside it in ``code/`` and importing nothing of the rest."""
