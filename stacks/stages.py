"""The stages and their settings. Edit this file to change what is deployed.

``cdk deploy -c stage=prod`` selects a stage by its name. The classes of ``tfbatch_cdk.settings``
describe every setting.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tfbatch_cdk.errors import SettingsError
from tfbatch_cdk.settings import Compute, Format, Model, Protection, Retention, Stage
from tfbatch_handler.environment import Settings as Handler

JPEG = Format(content_type="image/jpeg")
"""One image per object. AWS's article uses 1 MB and 64 at a time, for photos under 1 MB."""

TFRECORD = Format(content_type="application/x-tfexample", split_type="TFRecord")
"""TFRecord files of tf.train.Example, one per request. AWS's article: 1 MB, 100 at a time."""

_FORMATS = {"jpeg": JPEG, "tfrecord": TFRECORD}

_DEMO_MODEL = Model(
    name="efficientnet-lite0",
    directory=Path("models/efficientnet-lite0"),
    code=Path("model_code"),
    handler=Handler(output="top_k"),
)

STAGES: tuple[Stage, ...] = (
    Stage(
        name="dev",
        models=(_DEMO_MODEL,),
        formats=_FORMATS,
        retain_data=False,
        # No VPC: its endpoints cost money per hour, and isolated containers have no network anyway.
        protection=Protection(
            network=None, retention=Retention(access_log_days=30, old_version_days=7, log_days=30)
        ),
    ),
    Stage(
        name="prod",
        models=(_DEMO_MODEL,),
        formats=_FORMATS,
        compute=Compute(
            instance_types=("g5.xlarge", "g6.xlarge", "g4dn.xlarge"), max_instances=16, max_jobs=8
        ),
    ),
)


def stage_named(name: Any) -> Stage:  # noqa: ANN401 # a context value has any type
    """The stage with a name.

    Raises:
        SettingsError: there is no such stage.
    """
    for stage in STAGES:
        if stage.name == name:
            return stage
    known = ", ".join(stage.name for stage in STAGES)
    raise SettingsError(f"stage = {name!r}: not a stage; use -c stage=NAME with one of {known}")
