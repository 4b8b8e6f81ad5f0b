"""Writes the bill of materials (SBOM) of an artifact's packages, in CycloneDX JSON.

It reads the ``dist-info`` of the packages in ``code/lib``. It has no time and no serial number, so
equal artifacts have equal bills.
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
    """The bill of materials of an artifact.

    Args:
        artifact: the artifact.
        name: the name of its model.

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
    for path, source in artifact.sources().items():
        if path.startswith(_LIBRARY) and path.endswith(_METADATA):
            yield _package(source, digest=artifact.members[path].digest)


def _package(metadata: Path, *, digest: str) -> dict[str, Any]:
    """A package from its metadata (PEP 566); the metadata's digest identifies its build."""
    metadata_fields = email.message_from_string(metadata.read_text())
    name, version = metadata_fields["Name"].strip(), metadata_fields["Version"].strip()
    url = f"pkg:pypi/{name.lower().replace('_', '-')}@{version}"
    return {
        "type": "library",
        "bom-ref": url,
        "name": name,
        "version": version,
        "purl": url,
        **({"description": metadata_fields["Summary"]} if metadata_fields["Summary"] else {}),
        **_license(metadata_fields),
        "properties": [{"name": "tfbatch:metadata-sha256", "value": digest}],
    }


def _license(metadata_fields: Message) -> dict[str, Any]:
    if metadata_fields["License-Expression"]:
        return {"licenses": [{"expression": metadata_fields["License-Expression"]}]}
    if metadata_fields["License"] and "\n" not in metadata_fields["License"]:
        return {"licenses": [{"license": {"name": metadata_fields["License"]}}]}
    return {}
