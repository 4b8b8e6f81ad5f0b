"""The services reach into two packages; someone must look at an upgrade of either."""

from importlib.metadata import version


def test_the_plugins_hold_for_these_versions() -> None:
    assert version("moto") == "5.2.5"
    assert version("jsonata-python") == "0.7.1"
