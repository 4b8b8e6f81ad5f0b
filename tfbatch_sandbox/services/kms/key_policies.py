"""Answers GetKeyPolicy with text, also for a key of a template, whose policy moto keeps as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from moto.kms.models import KmsBackend

from tfbatch_sandbox.services.patch import replace

if TYPE_CHECKING:
    from tfbatch_sandbox.services.runtime import Runtime


def install(_runtime: Runtime) -> None:
    """Replace what moto answers."""
    original = KmsBackend.get_key_policy

    def get_key_policy(backend: KmsBackend, key_id: str) -> str:
        policy = original(backend, key_id)
        return policy if isinstance(policy, str) else json.dumps(policy)

    replace(KmsBackend, "get_key_policy", get_key_policy)
