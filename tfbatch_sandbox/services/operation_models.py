"""Makes moto's models of operations safe for threads.

moto's ``operation_model`` caches its results where botocore's method of the same name caches its
own, under the same key. While one thread is between the two, another gets botocore's model, which
lacks moto's additions. Of the first requests for a service, made at once, one fails.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.utils import instance_cache
from moto.core.model import OperationModel, ServiceModel

from tfbatch_sandbox.services.patch import replace

if TYPE_CHECKING:
    from tfbatch_sandbox.services.runtime import Runtime


def install(_runtime: Runtime) -> None:
    """Cache moto's results under a key of their own: the name of the cached function."""

    @instance_cache
    def own_operation_model(model: ServiceModel, name: str) -> OperationModel:
        return original.__wrapped__(model, name)

    original = replace(ServiceModel, "operation_model", own_operation_model)
