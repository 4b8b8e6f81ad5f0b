"""What the zoo's tests know before its models are made."""

import re
from pathlib import Path

PROGRAM = Path(__file__).with_name("make.py")
NAMES = re.findall(r"^@model\ndef (\w+)", PROGRAM.read_text(), re.MULTILINE)
REFUSED = {
    "keras_saved_by_tensorflow": "no value to the variables dense",
    "keras_in_a_module": "no value to the variables ",
    "half_floats": "half",
}
"""Models that TensorFlow Serving, or its REST API, can't serve -> a part of the reason."""
SERVED = [name for name in NAMES if name not in REFUSED]
