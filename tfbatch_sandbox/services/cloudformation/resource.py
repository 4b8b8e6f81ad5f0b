"""What a resource of CloudFormation is that moto doesn't make at all: put, put anew, deleted.

moto finds a resource's class among the direct subclasses of its own ``CloudFormationModel``, once
the module that has it is imported: a subclass of :class:`Resource` names both as its bases.
"""

from __future__ import annotations

from typing import Any, ClassVar

from moto.core.common_models import CloudFormationModel

Template = dict[str, Any]


class Resource(CloudFormationModel):
    """A resource, kept by what its template says of it."""

    KIND: ClassVar[str] = ""
    """As templates name it."""
    logical_resource_id: str = ""

    def __init__(self, resource: Template, account_id: str, region: str, name: str) -> None:
        self.properties: Template = resource["Properties"]
        self.account_id, self.region, self.generated_name = account_id, region, name

    @classmethod
    def cloudformation_type(cls) -> str:
        """As templates name it."""
        return cls.KIND

    @staticmethod
    def cloudformation_name_type() -> str:
        """No property names it."""
        return ""

    @classmethod
    def create_from_cloudformation_json(
        cls,
        resource_name: str,
        cloudformation_json: Template,
        account_id: str,
        region_name: str,
        **_other: object,
    ) -> Resource:
        """Make it."""
        made = cls(cloudformation_json, account_id, region_name, resource_name)
        made.put()
        return made

    @classmethod
    def update_from_cloudformation_json(
        cls,
        *,
        original_resource: Resource,
        cloudformation_json: Template,
        account_id: str,
        region_name: str,
        **_other: object,
    ) -> Resource:
        """Put it anew; the old one goes when it had another identity."""
        name = original_resource.generated_name
        made = cls(cloudformation_json, account_id, region_name, name)
        if made.physical_resource_id != original_resource.physical_resource_id:
            original_resource.delete(account_id, region_name)
        made.put()
        return made

    @property
    def physical_resource_id(self) -> str:
        """What ``Ref`` yields."""
        raise NotImplementedError

    def put(self) -> None:
        """Bring it to what the template says."""
        raise NotImplementedError

    def delete(self, account_id: str, region: str) -> None:
        """Remove it."""
        raise NotImplementedError
