"""``tfbatch watch``: polls an execution through the AWS APIs and shows its progress.

``observer`` polls and returns a ``snapshot``; ``screen`` and ``lines`` show one; ``follow`` repeats
both until the execution's end.
"""
