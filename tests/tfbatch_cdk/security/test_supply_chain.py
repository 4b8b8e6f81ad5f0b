"""Tests of dependencies: hashes, bill of materials and audits."""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.paths import REPOSITORY
from tfbatch_cdk.settings import HANDLER_LOCK, TIFF_LOCK

if TYPE_CHECKING:
    from pathlib import Path

    from tests.tfbatch_cdk.conftest import Assembly

LOCKS = [*sorted((REPOSITORY / "requirements").glob("*.lock")), HANDLER_LOCK, TIFF_LOCK]
_PINNED = re.compile(r"^([A-Za-z0-9_.-]+)==([^ ;\\]+)", re.MULTILINE)


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_every_locked_package_has_its_hash(lock: Path) -> None:
    text = lock.read_text()
    blocks = re.split(r"\n(?=\S)", text.strip())
    pinned = [block for block in blocks if not block.startswith("#")]
    assert pinned
    assert not [block for block in pinned if "--hash=sha256:" not in block]


def test_the_bill_lists_what_is_shipped_in_code_lib(prod: Assembly) -> None:
    (file,) = prod.directory.glob("asset.*.sbom.json")
    document = json.loads(file.read_text())
    assert (document["bomFormat"], document["specVersion"]) == ("CycloneDX", "1.6")
    wanted = dict(_PINNED.findall(HANDLER_LOCK.read_text()))
    shipped = {one["name"]: one["version"] for one in document["components"]}
    assert shipped == wanted
    for one in document["components"]:
        assert one["purl"] == one["bom-ref"] == f"pkg:pypi/{one['name']}@{one['version']}"
    (listing,) = prod.directory.glob("asset.*.members.json")
    members = json.loads(listing.read_text())["members"]
    told = "".join(f"{name}\0{one['sha256']}\n" for name, one in sorted(members.items()))
    assert document["metadata"]["component"]["version"] == hashlib.sha256(told.encode()).hexdigest()


def test_ci_audits_dependencies_templates_and_secrets() -> None:
    jobs = yaml.safe_load((REPOSITORY / ".github" / "workflows" / "ci.yml").read_text())["jobs"]
    assert {"run": "make audit"} in jobs["audit"]["steps"]
    recipe = (REPOSITORY / "develop.mk").read_text().partition("\naudit:")[2].partition("\n\n")[0]
    assert all(tool in recipe for tool in ("checkov", "pip-audit", "detect-secrets-hook"))
    hooks = yaml.safe_load((REPOSITORY / ".pre-commit-config.yaml").read_text())
    assert "detect-secrets" in json.dumps(hooks)
