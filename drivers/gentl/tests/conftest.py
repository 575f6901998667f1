"""What the tests of the GenTL driver share: the producer that genicam ships."""

from pathlib import Path

import genicam
import pytest
from genicam import gentl

from fluoroview.hal.testing import until
from fluoroview_gentl import producers
from fluoroview_gentl.producers import SEARCH_VARIABLE

VIKY = Path(genicam.__file__).parent / "viky.cti"


class SdkPart:
    """A part of the SDK: the given values, and "not available" for the rest."""

    def __init__(self, **known):
        self.__dict__.update(known)

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        raise gentl.NotAvailableException("not available")


@pytest.fixture
def sdk_part():
    """The class of such parts."""
    return SdkPart


@pytest.fixture(autouse=True)
def _only_viky(monkeypatch):
    """Look nowhere but in genicam, whatever the machine's environment is."""
    monkeypatch.delenv(SEARCH_VARIABLE, raising=False)


@pytest.fixture(autouse=True)
def _nothing_stays_loaded():
    yield
    until(lambda: producers.Producer._loaded == {})  # a failed device closes on its own thread


@pytest.fixture
def viky():
    """Path of the producer that comes with genicam."""
    return VIKY.resolve()


@pytest.fixture
def red(viky):
    """An opened device: harvesters' ImageAcquirer of VikyTL_DEV_red."""
    producer = producers.Producer.borrow(viky)
    acquirer = producer.create("VikyTL_DEV_red", 4)
    yield acquirer
    producer.destroy(acquirer)
    producer.release()
