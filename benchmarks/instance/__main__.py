"""``python -m benchmarks.instance``: processor time by part, and what vCPUs can feed."""

from __future__ import annotations

import os

_ONE_THREAD = {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1"}


def main() -> None:
    """Measure, print, write."""
    os.environ.update(_ONE_THREAD)
    from benchmarks.instance import parts, report  # noqa: PLC0415 # TensorFlow, set up

    section = report.tables(parts.ways(), parts.model(), article=parts.article())
    print(section)
    report.write(section)


if __name__ == "__main__":
    main()
