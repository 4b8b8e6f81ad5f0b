"""``tfbatch run``: uploads an input and starts an execution over it.

``sources`` finds local files, ``uploading`` brings them to S3, ``kinds`` and ``guessing`` find the
format, ``starting`` shows the plan and starts; ``retrying`` does so for exceptions.
"""
