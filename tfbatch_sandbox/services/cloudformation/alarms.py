"""AWS::CloudWatch::Alarm, which moto lacks; as moto's other alarms, it never goes off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from moto.core.common_models import CloudFormationModel

from tfbatch_sandbox.services.cloudformation.resource import Resource

if TYPE_CHECKING:
    from tfbatch_sandbox.services.runtime import Runtime


def install(runtime: Runtime) -> None:
    """Give alarms the clients that create them."""
    Alarm.runtime = runtime


class Alarm(Resource, CloudFormationModel):
    """An alarm; its properties are the parameters of PutMetricAlarm."""

    KIND = "AWS::CloudWatch::Alarm"
    runtime: ClassVar[Runtime]

    @property
    def physical_resource_id(self) -> str:
        """The alarm's name."""
        name: str = self.properties.get("AlarmName", self.generated_name)
        return name

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        """Whether ``Fn::GetAtt`` has the attribute."""
        return attr == "Arn"

    def get_cfn_attribute(self, _attribute_name: str) -> str:
        """The ARN."""
        return (
            f"arn:aws:cloudwatch:{self.region}:{self.account_id}:alarm:{self.physical_resource_id}"
        )

    def put(self) -> None:
        """Create or update the alarm."""
        self._client.put_metric_alarm(**self.properties | {"AlarmName": self.physical_resource_id})

    def delete(self, _account_id: str, _region: str) -> None:
        """Delete the alarm."""
        self._client.delete_alarms(AlarmNames=[self.physical_resource_id])

    @property
    def _client(self) -> Any:  # noqa: ANN401 - boto3-stubs without its CloudWatch part
        return self.runtime.clients.get("cloudwatch", self.region)
