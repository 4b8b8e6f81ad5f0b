"""The Lambda runtimes: one file for each language."""
