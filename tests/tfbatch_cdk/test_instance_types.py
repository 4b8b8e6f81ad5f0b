"""The instance types that synthesis knows are those of SageMaker's API."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import botocore.loaders

from tests.paths import REPOSITORY
from tfbatch_cdk.settings.instance_types import FILE


def test_the_types_are_those_of_botocores_service_model() -> None:
    model = botocore.loaders.create_loader().load_service_model("sagemaker", "service-2")
    kept = json.loads(FILE.read_text())
    real = {
        name: sorted(one.removeprefix("ml.") for one in model["shapes"][name]["enum"])
        for name in ("ProductionVariantInstanceType", "TransformInstanceType")
    }
    if os.environ.get("UPDATE_SNAPSHOTS"):
        FILE.write_text(json.dumps(real, indent=1) + "\n")
        kept = real
    assert kept == real, "UPDATE_SNAPSHOTS=1 python -m pytest on this file writes them anew"


def test_the_settings_import_no_sdk() -> None:
    program = "import sys, tfbatch_cdk.settings; sys.exit('botocore' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True, cwd=REPOSITORY)
