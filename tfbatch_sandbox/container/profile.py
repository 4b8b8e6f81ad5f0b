"""Differences between versions of the TensorFlow Serving image."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """The behavior of an image version, from aws/deep-learning-containers."""

    version: str
    wait_seconds: int
    """Default of ``SAGEMAKER_TFS_WAIT_TIME_SECONDS``: how long the model may take to load."""
    wait_is_shared: bool
    """Whether that time is divided by ``SAGEMAKER_TFS_INSTANCE_COUNT``."""
    context_has_timeout: bool
    """Whether the context has ``timeout``, which predict requests use."""
    raises_for_status: bool
    """Whether a predict reply other than 200 is raised before ``output_handler``, and a
    ``falcon.HTTPError`` keeps its status. Otherwise every exception is a 500."""
    checks_attributes: bool
    """Whether a malformed ``tfs-…`` custom attribute is a 400."""
    checks_default_content_type: bool
    """Whether the default handler answers 415 for anything but JSON and CSV."""
    njs_parses: bool
    """Whether nginx's JavaScript understands quotes in CSV and parameters of content types.
    Otherwise it guesses from the first line."""


_V2_19: Final = Profile(
    version="2.19",
    wait_seconds=55,
    wait_is_shared=True,
    context_has_timeout=False,
    raises_for_status=False,
    checks_attributes=False,
    checks_default_content_type=False,
    njs_parses=False,
)
_V2_20: Final = Profile(
    version="2.20",
    wait_seconds=60,
    wait_is_shared=False,
    context_has_timeout=True,
    raises_for_status=True,
    checks_attributes=True,
    checks_default_content_type=True,
    njs_parses=True,
)
PROFILES: Final = {profile.version: profile for profile in (_V2_19, _V2_20)}
_NEWEST: Final = _V2_20
_TAG = re.compile(r":(\d+)\.(\d+)")


def profile_of(image: str) -> Profile:
    """The profile of an image URI by its tag. Images before 2.19 are treated as 2.19."""
    tag = _TAG.search(image.rpartition("/")[2])
    if tag is None:
        return _NEWEST
    return _V2_19 if (int(tag[1]), int(tag[2])) < (2, 20) else _V2_20
