"""The base class of resource types that moto lacks.

moto looks for resource types among the direct subclasses of its ``CloudFormationModel``. So a
subclass of :class:`Resource` also names ``CloudFormationModel`` as a base.
"""

from __future__ import annotations

from typing import Any, ClassVar

from moto.core.common_models import CloudFormationModel

Template = dict[str, Any]


class Resource(CloudFormationModel):
    """A resource, with its properties from the template."""

    KIND: ClassVar[str] = ""
    """The resource type, such as ``AWS::CloudWatch::Alarm``."""
    logical_resource_id: str = ""

    def __init__(self, resource: Template, account_id: str, region: str, name: str) -> None:
        self.properties: Template = resource["Properties"]
        self.account_id, self.region, self.generated_name = account_id, region, name

    @classmethod
    def cloudformation_type(cls) -> str:
        """The resource type."""
        return cls.KIND

    @staticmethod
    def cloudformation_name_type() -> str:
        """No property holds the name."""
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
        """Create the resource."""
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
        """Update the resource, and delete the old one when the physical id changes."""
        name = original_resource.generated_name
        made = cls(cloudformation_json, account_id, region_name, name)
        if made.physical_resource_id != original_resource.physical_resource_id:
            original_resource.delete(account_id, region_name)
        made.put()
        return made

    @property
    def physical_resource_id(self) -> str:
        """The value of ``Ref``."""
        raise NotImplementedError

    def put(self) -> None:
        """Create or update the resource as the template says."""
        raise NotImplementedError

    def delete(self, account_id: str, region: str) -> None:
        """Delete the resource."""
        raise NotImplementedError
