"""What the zoo's tests know before its models are made."""

import re
from pathlib import Path

PROGRAM = Path(__file__).with_name("make.py")
NAMES = re.findall(r"^@model\ndef (\w+)", PROGRAM.read_text(), re.MULTILINE)
REFUSED = {"half_floats": "half"}
"""Models that TensorFlow Serving's REST API can't serve -> a word of the reason."""
SERVED = [name for name in NAMES if name not in REFUSED]
