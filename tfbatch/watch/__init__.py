"""Follows an execution: looks at it through the AWS APIs, and shows what it sees.

``observer`` looks and gives a ``snapshot``; ``live`` and ``plain`` show one; ``follow`` does both
until the execution's end.
"""
