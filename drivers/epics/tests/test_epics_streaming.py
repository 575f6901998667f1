"""The driver on the HAL: an IOC in another process serves images over pvAccess."""

import threading

import numpy as np
import pytest

from fluoroview.hal import DeviceError, DeviceState, ParameterError
from fluoroview_epics import EpicsDetector


@pytest.mark.parametrize("isolation", ["thread", "process"])
def test_it_streams_with_an_exact_ledger(ioc, open_host, consume, ramp, isolation):
    ioc.post()
    host = open_host(isolation=isolation)
    consumer = consume(host)

    host.start()
    ioc.post(times=60, every_s=0.003)
    consumer.wait_for(60)
    ledger = host.stop()

    assert ledger.exact
    assert (ledger.expected, ledger.delivered, ledger.lost) == (60, 60, 0)
    assert [header.frame_number for header in consumer.headers] == list(range(2, 62))
    assert all(
        header.hardware_time_ns == 10**12 + header.frame_number for header in consumer.headers
    )
    for header, image in zip(consumer.headers, consumer.seen, strict=True):
        assert np.array_equal(image, ramp(header.frame_number))
    assert host.faults == []


def test_what_lay_there_before_the_run_is_not_shown(ioc, open_host, consume):
    ioc.post(times=5)
    host = open_host()
    consumer = consume(host)
    host.start()
    ioc.post()
    consumer.wait_for(1)
    assert host.stop().delivered == 1
    assert consumer.headers[0].hardware_counter == 6


def test_it_starts_and_stops_again_and_again(ioc, open_host, consume):
    ioc.post()
    host = open_host()
    consumer = consume(host)
    for run in range(1, 11):
        assert host.start() == run
        ioc.post(times=3, every_s=0.003)
        consumer.wait_for(3 * run)
        ledger = host.stop()
        assert (ledger.expected, ledger.delivered, ledger.exact) == (3, 3, True)
        ioc.post(times=2)  # nobody looks
    assert len(consumer.headers) == 30


def test_images_that_the_ioc_dropped_are_lost_in_the_sdk(ioc, open_host, consume):
    ioc.post()
    host = open_host()
    consumer = consume(host)
    host.start()
    ioc.post(times=2, every_s=0.01)
    ioc.post(times=10, every_s=0.003, step=4)
    consumer.wait_for(12)
    ledger = host.stop()
    assert ledger.exact
    assert (ledger.delivered, ledger.lost_sdk, ledger.lost) == (12, 30, 30)


def test_the_counter_wraps_at_32_bits(ioc, open_host, consume):
    ioc.post()
    host = open_host()
    consumer = consume(host)
    host.start()
    for uid in (2**31 - 2, 2**31 - 1, -(2**31), -(2**31) + 1, -2, -1, 0, 1):
        ioc.post(uid=uid, every_s=0.003)
    consumer.wait_for(8)
    ledger = host.stop()
    assert ledger.exact
    assert (ledger.delivered, ledger.repeated) == (8, 0)
    assert ledger.expected == 2**31 + 4


def test_an_image_that_is_posted_again_is_shown_once(ioc, open_host, consume):
    ioc.post()
    host = open_host()
    consumer = consume(host)
    host.start()
    ioc.post()
    consumer.wait_for(1)
    ioc.again(times=4)
    ioc.post()
    consumer.wait_for(2)
    ledger = host.stop()
    assert (ledger.expected, ledger.delivered) == (2, 2)
    assert host.faults == []


def test_an_ioc_that_does_not_count_is_reported(ioc, open_host, consume):
    ioc.post(uid=0)
    host = open_host()
    consume(host)
    host.start()
    ioc.post(times=20, every_s=0.005, uid=0)
    assert "FV:Pva1:Image does not count its images: uniqueId stays at 0." in host.faults.first()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"columns": 80}, "delivered 80×48 uint16, but 64×48 uint16 was agreed when armed."),
        ({"dtype": "uint8"}, "delivered 64×48 uint8, but 64×48 uint16 was agreed"),
        ({"color": 2}, "delivered 64×48 uint16 in colour, but 64×48 uint16 was agreed"),
        ({"codec": "lz4"}, "is compressed (lz4), which the epics driver does not read."),
    ],
)
def test_another_image_than_agreed_ends_the_run(ioc, open_host, consume, change, sentence):
    ioc.post()
    host = open_host()
    consumer = consume(host)
    host.start()
    ioc.post()
    consumer.wait_for(1)
    ioc.post(**change)
    assert f"FV:Pva1:Image {sentence}" in host.faults.first()
    assert host.state is DeviceState.FAULT
    assert len(consumer.headers) == 1
    assert host.ledger().exact


@pytest.mark.parametrize("isolation", ["thread", "process"])
def test_an_ioc_that_ends_is_reported(ioc, open_host, consume, isolation):
    ioc.post()
    host = open_host(isolation=isolation)
    consumer = consume(host)
    host.start()
    ioc.post(times=2, every_s=0.01)
    consumer.wait_for(2)
    ioc.end()
    assert "FV:Pva1:Image went away (Disconnected): its IOC ended" in host.faults.first()
    assert host.ledger().exact


def test_a_size_changed_while_idle_is_seen_when_armed(ioc, open_host, consume, monkeypatch):
    monkeypatch.setattr("fluoroview_epics.detector._FRESH_S", -1.0)
    ioc.post()
    host = open_host()
    ioc.post(rows=30, columns=40)
    consumer = consume(host)
    assert host.ring.pixels[0].shape == (30, 40)
    host.start()
    ioc.post(rows=30, columns=40)
    consumer.wait_for(1)
    assert host.stop().delivered == 1


def test_closing_while_it_streams_is_safe(ioc, open_host, consume):
    ioc.post()
    host = open_host()
    consumer = consume(host)
    host.start()
    ioc.post(times=2)
    consumer.wait_for(1)
    consumer.close()
    host.close()
    assert host.state is DeviceState.CLOSED


def test_the_thread_of_the_updates_may_stop_them(ioc):
    stopped = threading.Event()
    failed = []

    class StoppingSink:
        stopping = False
        commits = 0

        def acquire(self):
            return self

        @property
        def pixels(self):
            return np.zeros((48, 64), np.uint16)

        def commit(self, _header):
            self.commits += 1
            detector.stop()
            stopped.set()

        fail = failed.append

    ioc.post()
    sink, detector = StoppingSink(), EpicsDetector(ioc.name)
    detector.open()
    try:
        detector.start(sink)
        ioc.post(times=5, every_s=0.01)
        assert stopped.wait(5)
    finally:
        detector.close()
    assert failed == []
    assert sink.commits == 1


def test_what_the_pv_cannot_say_is_set_and_read_back(ioc, open_host, consume):
    ioc.post()
    host = open_host()
    described = {entry.name: entry for entry in host.parameters()}
    width = described["Width"]
    assert (width.value, width.unit, width.access) == (64, "px", "ro")
    assert (described["Height"].value, described["PixelFormat"].value) == (48, "Mono16")
    assert (described["DataType"].value, described["FrameCounterBits"].value) == (
        "uint16",
        32,
    )
    assert host.write("BitDepth", 14) == 14
    assert host.write("PixelIntensityRelationship", "LIN") == "LIN"
    with pytest.raises(ParameterError, match="BitDepth cannot be 17 bit: allowed is 1 to 16 bit"):
        host.write("BitDepth", 17)
    with pytest.raises(ParameterError, match="Width is read-only"):
        host.write("Width", 1)
    consume(host)
    assert (host.bit_depth, host.relationship) == (14, "LIN")


@pytest.mark.parametrize(
    ("order", "device_id", "sentence"),
    [
        (None, "FV:Pva1:Image", "FV:Pva1:Image has no image yet. Enable callbacks"),
        ({"dtype": "float64"}, "FV:Pva1:Image", "has pixels of type float64; read are int8, "),
        ({"codec": "jpeg"}, "FV:Pva1:Image", "is compressed (jpeg), which the epics driver"),
        ({"color": 5, "rows": 2}, "FV:Pva1:Image", "has ColorMode YUV444; read are Mono"),
        ({}, "FV:Pva1:Image:Scalar", "is no NTNDArray, but epics:nt/NTScalar:1.0."),
    ],
)
def test_what_cannot_be_shown_is_refused_when_opened(ioc, open_host, order, device_id, sentence):
    if order is not None:
        ioc.post(**order)
    with pytest.raises(DeviceError) as caught:
        open_host(device_id)
    assert sentence in str(caught.value)
    assert device_id in str(caught.value)


def test_a_pv_that_is_not_there_is_reported(open_host, monkeypatch):
    monkeypatch.setattr("fluoroview_epics.detector._OPEN_S", 0.2)
    with pytest.raises(DeviceError) as caught:
        open_host("NO:SUCH:Image")
    assert "NO:SUCH:Image does not answer within 0.2 s." in str(caught.value)
    assert "EPICS_PVA_ADDR_LIST" in str(caught.value)
