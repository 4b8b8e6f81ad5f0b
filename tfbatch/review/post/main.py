"""Posts a review, or that there is none, to the pull request of a CI job."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tfbatch.review.post.api import ApiError
from tfbatch.review.post.bitbucket import Bitbucket
from tfbatch.review.post.github import GitHub
from tfbatch.review.post.gitlab import GitLab
from tfbatch.review.post.review import read

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_PLATFORMS: dict[str, type[GitHub | GitLab | Bitbucket]] = {
    "GITHUB_ACTIONS": GitHub,
    "GITLAB_CI": GitLab,
    "BITBUCKET_BUILD_NUMBER": Bitbucket,
}
"""The variable that only this platform sets."""


def main(arguments: Sequence[str], variables: Mapping[str, str]) -> int:
    """Post a review, or do what GitHub needs besides it.

    Args:
        arguments: the review's folder; ``--base`` prints the commit that a head is compared with;
            ``--accept`` reads the label that someone set or removed.
        variables: of the CI job.

    Returns:
        The exit code.
    """
    try:
        platform = _platform(variables)
        if isinstance(platform, GitHub) and arguments == ["--base"]:
            print(platform.base())  # noqa: T201
            return 0
        if isinstance(platform, GitHub) and arguments == ["--accept"]:
            return platform.accept()
        return platform.post(read(Path(arguments[0]), name=platform.file))
    except ApiError as error:
        raise SystemExit(f"The review can't be posted: {error}") from None


def _platform(variables: Mapping[str, str]) -> GitHub | GitLab | Bitbucket:
    for name, platform in _PLATFORMS.items():
        if variables.get(name):
            try:
                return platform(variables)
            except KeyError as error:
                raise SystemExit(
                    f"The variable {error} is missing: a review is posted by a job of a pull "
                    "request, which gets a token"
                ) from None
    raise SystemExit(f"This is no CI job that is known: none of {', '.join(_PLATFORMS)} is set")
