"""``tfbatch doctor``: checks that a stage has everything that a run needs.

Each module asks AWS about one thing, read-only, and says what to do if it is missing.
"""
