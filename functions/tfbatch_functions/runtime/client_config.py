"""The time-outs and retries of the AWS clients.

A function in a VPC without a way to a service waits for each connection until its time-out, and
boto3's is a minute: a call with nine attempts would take most of a function's fifteen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from botocore.config import Config

if TYPE_CHECKING:
    from typing import Literal

CONNECT_SECONDS: Final = 3
"""AWS's endpoints accept a connection within milliseconds."""
_READ_SECONDS: Final = 30


def config(
    *,
    retries: int,
    mode: Literal["standard", "adaptive"] = "standard",
    max_pool_connections: int = 10,
) -> Config:
    """The configuration of a client.

    Args:
        retries: after the first attempt.
        mode: of the retries.
        max_pool_connections: connections to keep.
    """
    return Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=_READ_SECONDS,
        retries={"mode": mode, "max_attempts": retries},
        max_pool_connections=max_pool_connections,
    )
