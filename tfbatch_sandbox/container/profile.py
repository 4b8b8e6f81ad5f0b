"""Differences between versions of the TensorFlow Serving image."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One image version's behavior, as read in aws/deep-learning-containers."""

    version: str
    wait_seconds: int
    """``SAGEMAKER_TFS_WAIT_TIME_SECONDS`` when unset: how long the model may take to load."""
    wait_is_shared: bool
    """Whether that time is divided by ``SAGEMAKER_TFS_INSTANCE_COUNT``."""
    context_has_timeout: bool
    """Whether the handlers' context ends with ``timeout``, and predict requests obey it."""
    raises_for_status: bool
    """Whether a predict reply that is not 200 is raised before ``output_handler`` sees it, and
    a ``falcon.HTTPError`` keeps its status; else every exception is a 500."""
    checks_attributes: bool
    """Whether a malformed ``tfs-…`` custom attribute is a 400."""
    checks_default_content_type: bool
    """Whether the default handler answers 415 for what is neither JSON nor CSV."""
    njs_parses: bool
    """Whether nginx's JavaScript, which serves artifacts without Python code, understands CSV's
    quotes and a content type's parameters; else it guesses from the first line."""


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
    """The profile of an image URI by its tag; images older than 2.19 behave as 2.19 here."""
    tag = _TAG.search(image.rpartition("/")[2])
    if tag is None:
        return _NEWEST
    return _V2_19 if (int(tag[1]), int(tag[2])) < (2, 20) else _V2_20
