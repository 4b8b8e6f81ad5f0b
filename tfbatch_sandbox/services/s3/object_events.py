"""The events of objects that S3 sends to EventBridge.

moto's have one ``sequencer`` for all, misspell ``etag``, and have a version without versioning.

Source: Amazon S3 user guide, "EventBridge event message structure".
"""

from __future__ import annotations

import functools
import itertools
import logging
from typing import TYPE_CHECKING, Any

from moto.core.utils import unix_time
from moto.s3 import notifications

from tfbatch_sandbox.services.patch import replace

if TYPE_CHECKING:
    from moto.s3.models import FakeBucket, FakeKey

    from tfbatch_sandbox.services.runtime import Runtime

_LOG = logging.getLogger(__name__)
_SEQUENCE = itertools.count(1)
_detail_type = functools.cache(notifications._detail_type)  # noqa: SLF001 - no public seam


def install(_runtime: Runtime) -> None:
    """Replace moto's events."""
    replace(notifications, "_send_event_bridge_message", _send)


def _send(account_id: str, bucket: FakeBucket, event_name: str, key: FakeKey) -> None:
    from moto.events.models import events_backends  # noqa: PLC0415 - a second, where there are none

    backend = events_backends[account_id][bucket.region_name]
    event = _event(account_id, bucket, event_name, key)
    for bus in list(backend.event_buses.values()):
        for rule in list(bus.rules.values()):
            try:
                rule.send_to_targets(event, transform_input=False)
            except Exception:  # noqa: BLE001 # who writes an object learns nothing of its events
                _LOG.exception("An event of %s could not be sent to %s", bucket.name, rule.name)


def _event(account_id: str, bucket: FakeBucket, name: str, key: FakeKey) -> dict[str, Any]:
    number = next(_SEQUENCE)
    version = {"version-id": key.version_id} if bucket.is_versioned else {}
    return {
        "version": "0",
        "id": f"17793124-05d4-b198-2fde-{number:012x}",
        "detail-type": _detail_type(name),
        "source": "aws.s3",
        "account": account_id,
        "time": unix_time(),
        "region": bucket.region_name,
        "resources": [bucket.arn],
        "detail": {
            "version": "0",
            "bucket": {"name": bucket.name},
            "object": {
                "key": key.name,
                "size": key.size,
                "etag": key.etag.replace('"', ""),
                **version,
                "sequencer": f"{number:016X}",
            },
            "request-id": f"{number:016X}",
            "requester": account_id,
            "source-ip-address": "127.0.0.1",
            "reason": f"{name.rpartition(':')[2]}Object",
        },
    }
