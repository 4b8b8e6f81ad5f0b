"""A topic that people listen to: of finished runs, of alarms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import aws_sns as sns
from constructs import Construct

if TYPE_CHECKING:
    from collections.abc import Sequence


class Notifications(Construct):
    """One topic, reached over TLS only, and its e-mail subscribers."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        emails: Sequence[str],
        about: str = "finished runs",
    ) -> None:
        super().__init__(scope, construct_id)
        self.topic = sns.Topic(self, "Topic", display_name=f"tfbatch: {about}", enforce_ssl=True)
        for address in emails:
            sns.Subscription(
                self,
                f"Email-{address}",
                topic=self.topic,
                protocol=sns.SubscriptionProtocol.EMAIL,
                endpoint=address,
            )
