"""``tfbatch doctor``: checks that a stage has everything that a run needs.

Each module of checks asks AWS for one thing, read-only, and says what to do where it is missing.
"""
