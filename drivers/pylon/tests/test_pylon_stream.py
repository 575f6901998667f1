"""One run on a camera that does what is asked of it: losses, sizes, times, and releases."""

from types import SimpleNamespace

import numpy as np
import pytest

from fluoroview.hal import DeviceError, LossCause
from fluoroview_pylon import sdk
from fluoroview_pylon.stream import Stream

ROWS, COLUMNS = 4, 8


class Result:
    """A grab result of Mono8 pixels that all have the value of its block id."""

    def __init__(self, pylon, block_id, **values):
        self.values = {
            "IsValid": True,
            "GrabSucceeded": True,
            "GetBlockID": block_id,
            "GetTimeStamp": 0,
            "GetHeight": ROWS,
            "GetWidth": COLUMNS,
            "GetPixelType": pylon.PixelType_Mono8,
            "GetPaddingX": 0,
            "GetImageMemoryView": memoryview(bytes([block_id % 256]) * ROWS * COLUMNS),
            **values,
        }
        self.released = False

    def __getattr__(self, name):
        value = self.values[name]
        return lambda: value

    def Release(self):
        self.released = True


class Feature:
    def __init__(self, value):
        self.value = value

    def IsValid(self):
        return True

    def GetValue(self):
        if self.value is None:
            raise sdk.load()[1].AccessException("Node is not readable.")
        return self.value

    GetIntValue = GetValue

    def ToString(self):
        return str(self.value)


class Camera:
    """A camera whose results are put in beforehand."""

    def __init__(self, pylon, gige=False, underruns=0, device_class="BaslerUsb", **features):
        features = {"PixelFormat": pylon.PixelType_Mono8, **features}
        self.features = {name: Feature(value) for name, value in features.items()}
        self.underruns = Feature(underruns)
        self.gige = gige
        self.device_class = "BaslerGigE" if gige else device_class
        self.removed = False
        self.results = []

    def GetNodeMap(self):
        return SimpleNamespace(GetNode=self.features.get)

    def GetStreamGrabberNodeMap(self):
        return SimpleNamespace(GetNode=lambda _name: self.underruns)

    def GetDeviceInfo(self):
        return SimpleNamespace(GetDeviceClass=lambda: self.device_class)

    def IsGigE(self):
        return self.gige

    def IsCameraDeviceRemoved(self):
        return self.removed

    def RetrieveResult(self, _timeout_ms, _handling):
        return self.results.pop(0)


class Run:
    """A stream of such a camera, its losses, and all the results it was given."""

    def __init__(self, pylon, **camera):
        self.pylon = pylon
        self.camera = Camera(pylon, **camera)
        self.losses = []
        self.stream = Stream(self.camera, lambda *loss: self.losses.append(loss))
        self.pixels = np.zeros((ROWS, COLUMNS), np.uint8)
        self.given = []

    def take(self, block_id, **values):
        self.given.append(Result(self.pylon, block_id, **values))
        self.camera.results.append(self.given[-1])
        return self.stream.take(self.pixels, 0.01)


@pytest.fixture
def run(pylon):
    made = Run(pylon)
    yield made
    assert all(result.released for result in made.given)


def test_a_good_frame_is_written_and_numbered_by_its_block_id(run):
    header = run.take(41)
    assert header.hardware_counter == 41
    assert np.all(run.pixels == 41)
    assert run.losses == []


def test_no_frame_in_time_is_none(run):
    assert run.take(0, IsValid=False) is None


@pytest.mark.parametrize(
    "how", [{"GrabSucceeded": False}, {"GetImageMemoryView": memoryview(b"short")}]
)
def test_an_incomplete_buffer_is_lost_on_the_link_and_never_written(run, how):
    run.take(1)
    assert run.take(2, **how) is None
    assert np.all(run.pixels == 1)
    assert run.losses == [(1, LossCause.LINK)]


def test_frames_without_a_buffer_are_lost_in_the_sdk(run):
    run.take(1)
    run.camera.underruns.value = 2
    run.take(5)
    assert run.losses == [(2, LossCause.SDK)]  # the rest of the gap is left to the ledger


def test_a_gap_in_a_stream_that_does_not_count_underruns_is_left_to_the_ledger(run):
    run.camera.underruns.value = None
    run.take(1)
    assert run.take(3).hardware_counter == 3
    assert run.losses == []


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"GetWidth": 7}, "it delivered 7×4 of pixel type"),
        ({"GetPixelType": 0x01100005}, "it delivered 8×4 of pixel type 0x01100005"),
    ],
)
def test_another_image_than_was_armed_is_refused(run, values, sentence):
    with pytest.raises(DeviceError, match=f"{sentence}.*the run was armed for"):
        run.take(1, **values)


@pytest.mark.parametrize(
    ("features", "ticks", "time_ns"),
    [
        ({}, 123, 123),  # USB3 Vision counts ns
        ({"GevTimestampTickFrequency": 125_000_000}, 250, 2000),
        (
            {"GevTimestampTickFrequency": 125_000_000},
            125_000_000 * 86400 * 365 + 1,
            86400 * 365 * 10**9 + 8,
        ),
    ],
)
def test_the_cameras_time_is_exact_in_ns(pylon, features, ticks, time_ns):
    assert Run(pylon, **features).take(1, GetTimeStamp=ticks).hardware_time_ns == time_ns


@pytest.mark.parametrize(("device_class", "binning"), [("BaslerUsb", 2), ("BaslerCamEmu", 1)])
def test_binning_is_reported_where_the_camera_bins(pylon, device_class, binning):
    run = Run(pylon, device_class=device_class, BinningHorizontal=2)
    assert run.take(1).binning == binning


@pytest.mark.parametrize(
    ("features", "numbers"),
    [
        ({}, [65535, 65536]),
        ({"GevGVSPExtendedIDMode": "Off"}, [65535, 65536]),
        ({"BslGevGVSPExtendedIDMode": "On"}, [65535, 65537]),
    ],
)
def test_ids_of_gige_wrap_unless_they_are_extended(pylon, features, numbers):
    run = Run(pylon, gige=True, **features)
    ids = [65535, 65537 if "On" in features.values() else 1]
    assert [run.take(block_id).hardware_counter for block_id in ids] == numbers


def test_a_camera_that_is_gone_is_reported(run, monkeypatch):
    run.take(1)
    run.camera.removed = True
    monkeypatch.setattr("fluoroview_pylon.stream._PRESENCE_EVERY_S", 0.0)
    with pytest.raises(DeviceError, match=r"was unplugged, lost its power or its link\. Check"):
        run.stream.take(run.pixels, 0.01)
