"""Custom resources of CloudFormation: their Lambda function creates, updates and deletes them.

moto sends only the Create event, and waits neither for the response nor for a failure.
"""

from __future__ import annotations

import json
import queue
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from moto.awslambda.models import lambda_backends
from moto.cloudformation import parsing
from moto.cloudformation.custom_model import CustomModel
from moto.cloudformation.responses import CloudFormationResponse

from tfbatch_sandbox.services.errors import refusal
from tfbatch_sandbox.services.lambda_ import functions
from tfbatch_sandbox.services.patch import replace

if TYPE_CHECKING:
    from tfbatch_sandbox.services.runtime import Runtime

_ANSWER_SECONDS = 60.0
"""How long to wait for a response after the function has ended."""


@dataclass(frozen=True, slots=True)
class Responses:
    """The responses that are awaited, by the id of their request."""

    runtime: Runtime
    waiting: dict[str, queue.SimpleQueue[dict[str, Any]]] = field(default_factory=dict)

    def request(self, account_id: str, region: str, event: dict[str, Any]) -> dict[str, Any]:
        """Send ``event`` to its function and wait for the response.

        Raises:
            ApiError: the function failed, or its response is FAILED or missing.
        """
        request_id = str(uuid.uuid4())
        url = f"{self.runtime.endpoint_url}/cloudformation_{region}/cfnresponse"
        sent = event | {"RequestId": request_id, "ResponseURL": f"{url}?request={request_id}"}
        function = lambda_backends[account_id][region].get_function(event["ServiceToken"])
        self.waiting[request_id] = queue.SimpleQueue()
        result, log = functions.run(self.runtime, function, sent)
        try:
            answer = self.waiting[request_id].get(
                timeout=0 if "error" in result else _ANSWER_SECONDS
            )
        except queue.Empty:
            answer = {
                "Status": "FAILED",
                "Reason": f"no response; the function's log: {log.decode()}",
            }
        finally:
            del self.waiting[request_id]
        if answer["Status"] != "SUCCESS":
            raise refusal(f"{event['LogicalResourceId']} failed: {answer.get('Reason')}")
        return answer


class CustomResource(CustomModel):
    """A resource that a function creates."""

    responses: Responses

    def __init__(self, event: dict[str, Any], account_id: str, region: str) -> None:
        super().__init__(region, "", event["LogicalResourceId"], "")
        self.event = event
        answer = self.responses.request(account_id, region, event | {"RequestType": "Create"})
        self._take(answer)

    def _take(self, answer: dict[str, Any]) -> None:
        self.resource_name = answer["PhysicalResourceId"]
        self.set_data(answer.get("Data") or {})

    @classmethod
    def create_from_cloudformation_json(
        cls,
        resource_name: str,  # noqa: ARG003 - the function names it
        cloudformation_json: dict[str, Any],
        account_id: str,
        region_name: str,
        **identity: Any,  # noqa: ANN401 - moto's
    ) -> CustomResource:
        """Let the function create the resource."""
        properties = cloudformation_json["Properties"]
        event = {
            "ServiceToken": properties["ServiceToken"],
            "StackId": identity["StackId"],
            "LogicalResourceId": identity["LogicalId"],
            "ResourceType": identity["ResourceType"],
            "ResourceProperties": properties,
        }
        return cls(event, account_id, region_name)

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: CustomResource,
        new_resource_name: str,  # noqa: ARG003 - the function names it
        cloudformation_json: dict[str, Any],
        account_id: str,
        region_name: str,
    ) -> CustomResource:
        """Let the function update the resource, and delete the one that it replaces."""
        old, new = original_resource.event, cloudformation_json["Properties"]
        event = old | {
            "ResourceProperties": new,
            "OldResourceProperties": old["ResourceProperties"],
            "PhysicalResourceId": original_resource.resource_name,
        }
        answer = cls.responses.request(account_id, region_name, event | {"RequestType": "Update"})
        if answer["PhysicalResourceId"] != original_resource.resource_name:
            original_resource.delete(account_id, region_name)
        original_resource.event = old | {"ResourceProperties": new}
        original_resource._take(answer)
        return original_resource

    def delete(self, account_id: str, region: str) -> None:
        """Let the function delete the resource."""
        event = self.event | {
            "RequestType": "Delete",
            "PhysicalResourceId": self.resource_name,
        }
        self.responses.request(account_id, region, event)


def install(runtime: Runtime) -> None:
    """Replace moto's custom resources, and its endpoint for their responses."""
    responses = Responses(runtime)
    CustomResource.responses = responses

    def process_cfn_response(response: CloudFormationResponse) -> tuple[int, dict[str, int], str]:
        answer = json.loads(response.raw_body)
        responses.waiting[answer["RequestId"]].put(answer)
        return 200, {"status": 200}, "{}"

    replace(CloudFormationResponse, "process_cfn_response", process_cfn_response)
    replace(parsing, "CustomModel", CustomResource)
