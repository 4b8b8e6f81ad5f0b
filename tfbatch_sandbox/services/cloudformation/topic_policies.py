"""AWS::SNS::TopicPolicy, which moto lacks."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from moto.core.common_models import CloudFormationModel
from moto.sns.models import Topic, sns_backends

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tfbatch_sandbox.services.runtime import Runtime


class TopicPolicy(CloudFormationModel):
    """A policy of one or more topics."""

    def __init__(self, name: str, topics: Iterable[str]) -> None:
        self.name = name
        self.topics = tuple(topics)

    @property
    def physical_resource_id(self) -> str:
        """A generated name."""
        return self.name

    @staticmethod
    def cloudformation_name_type() -> str:
        """No property holds the name."""
        return ""

    @staticmethod
    def cloudformation_type() -> str:
        """The resource type."""
        return "AWS::SNS::TopicPolicy"

    @classmethod
    def create_from_cloudformation_json(
        cls,
        resource_name: str,
        cloudformation_json: dict[str, Any],
        account_id: str,  # noqa: ARG003 - a topic's ARN has it
        region_name: str,  # noqa: ARG003
        **_identity: object,
    ) -> TopicPolicy:
        """Set the policy of the topics."""
        properties = cloudformation_json["Properties"]
        for arn in properties["Topics"]:
            _topic(arn).policy = json.dumps(properties["PolicyDocument"])
        return cls(resource_name, properties["Topics"])

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: TopicPolicy,
        new_resource_name: str,
        cloudformation_json: dict[str, Any],
        account_id: str,
        region_name: str,
    ) -> TopicPolicy:
        """Replace the policy."""
        original_resource.delete(account_id, region_name)
        return cls.create_from_cloudformation_json(
            new_resource_name, cloudformation_json, account_id, region_name
        )

    def delete(self, account_id: str, region: str) -> None:
        """Give the topics that still exist the default policy."""
        for arn in self.topics:
            topic = sns_backends[account_id][region].topics.get(arn)
            if topic is not None:
                policy = topic._create_default_topic_policy(region, account_id, topic.name)  # noqa: SLF001 - moto has no public seam
                topic.policy = json.dumps(policy)


def install(_runtime: Runtime) -> None:
    """Nothing to do: moto finds the class by itself."""


def _topic(arn: str) -> Topic:
    _, _, _, region, account, _ = arn.split(":", 5)
    topic: Topic = sns_backends[account][region].topics[arn]
    return topic
