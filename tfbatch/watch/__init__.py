"""``tfbatch watch``: polls an execution through the AWS APIs and shows its progress.

``observer`` looks and gives a ``snapshot``; ``live`` and ``plain`` show one; ``follow`` does both
until the execution's end.
"""
