"""``python -m benchmarks.decode``: processor time and accuracy of decoding in the graph."""

from __future__ import annotations

import os

_ONE_THREAD = {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1"}


def main() -> None:
    """Measure speed on one core, accuracy on all; print and write."""
    from benchmarks.decode import accuracy, report, speed  # noqa: PLC0415 # TensorFlow, set up

    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    rows, limits = speed.rows(), speed.limits()
    os.sched_setaffinity(0, cores)
    section = report.tables(rows, limits, *accuracy.agreements())
    print(section)
    report.write(section)


if __name__ == "__main__":
    os.environ.update(_ONE_THREAD)
    main()
