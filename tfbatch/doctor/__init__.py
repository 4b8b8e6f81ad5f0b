"""``tfbatch doctor``: is everything there that a run of this stage needs?

Each module of checks asks AWS for one thing, read-only, and says what to do where it is missing.
"""
