"""Records the calls of each role and the statements that allowed them.

``/_sandbox/authorizations`` returns them. A permission that a role never used is one that it
doesn't need.
"""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from werkzeug.wrappers import Request, Response

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from tfbatch_sandbox.authorization.call import Call
    from tfbatch_sandbox.authorization.policy_language.evaluation import Decision

PATH: Final = "/_sandbox/authorizations"
_EXAMPLES: Final = 3


@dataclass(slots=True)
class _Use:
    count: int = 0
    resources: list[str] = field(default_factory=list)
    statements: set[tuple[str, int]] = field(default_factory=set)


class Record:
    """Calls by role, action and outcome, with a few example resources."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._uses: dict[tuple[str, str, bool], _Use] = {}

    def add(self, role_arn: str, call: Call, decision: Decision) -> None:
        """Record one decision."""
        with self._lock:
            use = self._uses.setdefault((role_arn, call.action, decision.allowed), _Use())
            use.count += 1
            use.statements.update(decision.matched)
            if len(use.resources) < _EXAMPLES and call.resource not in use.resources:
                use.resources.append(call.resource)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """GET returns all, DELETE clears them."""
        with self._lock:
            if Request(environ).method == "DELETE":
                self._uses.clear()
            shown = [_shown(*key, use) for key, use in sorted(self._uses.items())]
        text = json.dumps({"authorizations": shown}, indent=1)
        answer = Response(text, HTTPStatus.OK, content_type="application/json")
        return answer(environ, start_response)


def _shown(role_arn: str, action: str, allowed: bool, use: _Use) -> dict[str, Any]:  # noqa: FBT001 - a key's part
    return {
        "role": role_arn,
        "action": action,
        "allowed": allowed,
        "count": use.count,
        "resources": use.resources,
        "statements": [{"policy": name, "place": place} for name, place in sorted(use.statements)],
    }
