"""The words of an execution's input, output and errors, once for every side that uses them."""

INPUT = "input"
"""``s3://bucket/prefix/``: what to transform. A prefix is taken as a folder."""

MODEL = "model"
"""One of the stage's models by name; its first when left out."""

FORMAT = "format"
"""One of the stage's formats: ``jpeg``, ``tfrecord``."""

OUTPUT = "output"
"""``s3://bucket/prefix/`` in the output bucket; when left out, a folder named as the execution."""

INSTANCES = "instances"
"""How many instances; the stage's own number when left out."""

REQUEST = (INPUT, MODEL, FORMAT, OUTPUT, INSTANCES)
"""The fields of an execution's input; any other is refused, for it is a typing error."""

JOB = "job"
"""In the output, beside the request's own fields with its defaults filled in: the job's name."""

INVALID_REQUEST = "InvalidRequest"
INPUT_BUCKET_NOT_READABLE = "InputBucketNotReadable"
INPUT_BUCKET_IN_OTHER_REGION = "InputBucketInOtherRegion"
EMPTY_INPUT = "EmptyInput"
TRANSFORM_JOB_REFUSED = "TransformJobRefused"
TRANSFORM_JOB_FAILED = "TransformJobFailed"
