"""Other accounts than the sandbox's: an access key of twelve digits is of the account so named."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moto.core.responses import BaseResponse

from tfbatch_sandbox.authorization.gate import access_key
from tfbatch_sandbox.authorization.sessions import names_account
from tfbatch_sandbox.services.patch import replace

if TYPE_CHECKING:
    from collections.abc import Callable

    from tfbatch_sandbox.services.runtime import Runtime


def install(_runtime: Runtime) -> None:
    """Let moto take the account from the key."""
    replace(BaseResponse, "get_current_account", _current(BaseResponse.get_current_account))


def _current(original: Callable[[BaseResponse], str]) -> Callable[[BaseResponse], str]:
    def get_current_account(response: BaseResponse) -> str:
        header, query = response.headers.get("Authorization", ""), response.parsed_url.query
        found = access_key(header, query)
        return found if names_account(found) else original(response)

    return get_current_account
