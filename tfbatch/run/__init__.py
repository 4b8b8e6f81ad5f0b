"""``tfbatch run``: uploads an input and starts an execution over it.

``sources`` finds local files, ``upload`` sends them to S3, ``file_types`` and ``format_detection``
find the format, ``start`` shows the plan and starts the execution, ``retry`` does so for
exceptions.
"""
