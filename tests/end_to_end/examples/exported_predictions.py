"""What the model that ``tfbatch export`` wrote says of photographs, in TensorFlow itself.

``python -m tests.end_to_end.examples.exported_predictions MODEL PHOTOGRAPH…`` writes a JSON list
for each: the five likeliest classes and their probabilities. There is no container,
no handler and no server.
"""

# mypy: ignore-errors
# TensorFlow publishes no types.
from __future__ import annotations

import json
import sys
from pathlib import Path

import tensorflow as tf

if __name__ == "__main__":
    serve = tf.saved_model.load(sys.argv[1]).signatures["serving_default"]
    for path in sys.argv[2:]:
        answer = serve(image_bytes=tf.constant([Path(path).read_bytes()]))
        best = tf.math.top_k(answer["probabilities"][0], 5)
        pairs = zip(best.indices.numpy().tolist(), best.values.numpy().tolist(), strict=True)
        said = [{"class": number, "probability": share} for number, share in pairs]
        sys.stdout.write(json.dumps(said) + "\n")
