"""The plug-ins reach into two packages; an upgrade must be looked at, not slip in."""

from importlib.metadata import version


def test_the_plugins_hold_for_these_versions() -> None:
    assert version("moto") == "5.2.5"
    assert version("jsonata-python") == "0.7.1"
