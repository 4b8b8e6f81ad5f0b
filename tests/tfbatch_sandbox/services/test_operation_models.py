"""moto's models of operations."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from moto.core.model import OperationModel, ServiceModel
from moto.core.utils import get_service_model

from tfbatch_sandbox.services import operation_models

if TYPE_CHECKING:
    import pytest

    from tfbatch_sandbox.services.runtime import Runtime


def test_another_thread_gets_no_model_that_is_half_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ServiceModel, "operation_model", ServiceModel.operation_model)
    operation_models.install(cast("Runtime", None))
    model = get_service_model("lambda")
    seen = []

    class Watched(dict[object, object]):
        def __setitem__(self, key: object, value: object) -> None:
            super().__setitem__(key, value)
            seen.append(model.operation_model("Invoke"))  # as another thread would, just now

    monkeypatch.setattr(model, "_instance_cache", Watched())
    assert model.operation_model("Invoke").http_trait.method == "POST"
    assert seen
    assert {type(one) for one in seen} == {OperationModel}
