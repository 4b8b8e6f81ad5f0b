"""Stands before google_crc32c on the path of a side that is to do without it."""
# ruff: noqa: INP001  a module for PYTHONPATH

raise ImportError("not vendored")
