"""The base of CloudFormation resources that moto lacks: put, update, delete.

moto finds a resource's class among the direct subclasses of its ``CloudFormationModel``, once its
module is imported. So a subclass of :class:`Resource` names both as its bases.
"""

from __future__ import annotations

from typing import Any, ClassVar

from moto.core.common_models import CloudFormationModel

Template = dict[str, Any]


class Resource(CloudFormationModel):
    """A resource with the properties of its template."""

    KIND: ClassVar[str] = ""
    """Its type in templates."""
    logical_resource_id: str = ""

    def __init__(self, resource: Template, account_id: str, region: str, name: str) -> None:
        self.properties: Template = resource["Properties"]
        self.account_id, self.region, self.generated_name = account_id, region, name

    @classmethod
    def cloudformation_type(cls) -> str:
        """Its type in templates."""
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
        """Create it."""
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
        """Put it again. The old one is deleted if its identity changed."""
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
        """Create or update it."""
        raise NotImplementedError

    def delete(self, account_id: str, region: str) -> None:
        """Remove it."""
        raise NotImplementedError
