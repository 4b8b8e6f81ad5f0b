"""Extensions of moto: all of a service's are installed, or it doesn't answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from tfbatch_sandbox import services

if TYPE_CHECKING:
    from tfbatch_sandbox.services.runtime import Runtime


def test_an_extension_that_can_not_be_installed_fails_every_request_to_its_service(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(services.OF_SERVICE, "sns", ("missing",))
    extensions = services.Extensions(cast("Runtime", None))
    for _ in range(2):
        with pytest.raises(ModuleNotFoundError):
            extensions.create_app("sns")
