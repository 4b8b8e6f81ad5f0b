"""The packages with which a side is synthesized: those that its lock pins.

A lock is code: a package runs at the synthesis, and a source distribution already when it is built.
So an environment is built where the side's code runs anyway, and nowhere else.
"""
