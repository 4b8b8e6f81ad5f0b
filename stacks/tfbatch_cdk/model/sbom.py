"""What of others is in an artifact: a bill of materials in CycloneDX's JSON, made at synthesis.

Read from the ``dist-info`` of the packages in ``code/lib``, as they are shipped. It has no time and
no serial number: the same artifact has the same bill.
"""

from __future__ import annotations

import email
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import Message
    from pathlib import Path

    from tfbatch_cdk.model.artifact import Artifact

_METADATA = ".dist-info/METADATA"
_LIBRARY = "code/lib/"
_SPECIFICATION = "1.6"


def bill_of_materials(artifact: Artifact, *, name: str) -> str:
    """The bill of an artifact.

    Args:
        artifact: whose packages are listed, and whose files' digests.
        name: the model's.

    Returns:
        A CycloneDX document, https://cyclonedx.org/docs/1.6/json/.
    """
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": _SPECIFICATION,
        "version": 1,
        "metadata": {
            "component": {
                "type": "machine-learning-model",
                "bom-ref": f"model/{name}",
                "name": name,
                "version": artifact.digest,
            }
        },
        "components": sorted(_components(artifact), key=lambda one: str(one["bom-ref"])),
    }
    return json.dumps(document, indent=1) + "\n"


def _components(artifact: Artifact) -> Iterator[dict[str, Any]]:
    for path, member in artifact.members.items():
        if path.startswith(_LIBRARY) and path.endswith(_METADATA):
            yield _package(member.source, digest=member.digest)


def _package(metadata: Path, *, digest: str) -> dict[str, Any]:
    """A package by its own metadata (PEP 566), whose digest tells one build from another."""
    told = email.message_from_string(metadata.read_text())
    name, version = told["Name"].strip(), told["Version"].strip()
    url = f"pkg:pypi/{name.lower().replace('_', '-')}@{version}"
    return {
        "type": "library",
        "bom-ref": url,
        "name": name,
        "version": version,
        "purl": url,
        **({"description": told["Summary"]} if told["Summary"] else {}),
        **_license(told),
        "properties": [{"name": "tfbatch:metadata-sha256", "value": digest}],
    }


def _license(told: Message) -> dict[str, Any]:
    if told["License-Expression"]:
        return {"licenses": [{"expression": told["License-Expression"]}]}
    if told["License"] and "\n" not in told["License"]:
        return {"licenses": [{"license": {"name": told["License"]}}]}
    return {}
