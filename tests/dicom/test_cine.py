"""`DicomCine` as a whole: what a player and a title bar need."""

import threading

import numpy as np
from pydicom.uid import RLELossless

from fluoroview.dicom import DicomCine
from fluoroview.dicom import reading as reading_module


def test_it_is_a_cine(make_dicom, ramp):
    with DicomCine(make_dicom(ramp, FrameTimeVector=[0, 10, 20, 30])) as cine:
        assert (cine.frame_count, cine.rows, cine.columns) == (4, 6, 10)
        assert [cine.duration_ms(i) for i in range(4)] == [10, 20, 30, 30]
        out = np.empty((6, 10), np.uint16)
        assert cine.read(2, out) is out
        np.testing.assert_array_equal(out, ramp[2])
        np.testing.assert_array_equal(list(cine), ramp)
        assert len(cine) == 4


def test_an_out_that_is_not_contiguous(make_dicom, ramp):
    out = np.zeros((6, 20), np.uint16)[:, ::2]
    with DicomCine(make_dicom(ramp)) as cine:
        cine.read(1, out)

    np.testing.assert_array_equal(out, ramp[1])


def test_the_line_for_a_title_bar(make_dicom, ramp):
    path = make_dicom(ramp, StudyDate="20260301", SeriesDescription="Swallow")
    with DicomCine(path) as cine:
        assert cine.description == "loop.dcm · XA · Swallow · 2026-03-01 · 10 × 6 · 4 frames"


def test_the_header_is_there_for_whoever_needs_more(make_dicom, ramp):
    with DicomCine(make_dicom(ramp, PositionerPrimaryAngle=-30)) as cine:
        assert cine.header.PositionerPrimaryAngle == -30
        assert "PixelData" not in cine.header


def test_two_threads_may_read(make_dicom):
    frames = np.arange(8 * 64 * 64, dtype=np.uint16).reshape(8, 64, 64)
    wrong = []

    def read_all(cine, order):
        for index in order * 20:
            if not np.array_equal(cine.read(index), frames[index]):
                wrong.append(index)

    with DicomCine(make_dicom(frames)) as cine:
        orders = (list(range(8)), list(range(7, -1, -1)))
        threads = [threading.Thread(target=read_all, args=(cine, order)) for order in orders]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert wrong == []


def test_decoded_frames_are_kept_as_far_as_there_is_room(make_dicom, ramp, monkeypatch):
    monkeypatch.setattr(reading_module, "CACHE_BYTES", 2 * ramp[0].nbytes)
    path = make_dicom(ramp, compress=RLELossless)
    decoded = []
    decode = reading_module._DecodedReader._decode

    def counted(self, index):
        decoded.append(index)
        return decode(self, index)

    monkeypatch.setattr(reading_module._DecodedReader, "_decode", counted)
    with DicomCine(path) as cine:
        for index in (0, 1, 2, 0, 1, 2):
            np.testing.assert_array_equal(cine.read(index), ramp[index])

    assert decoded == [0, 1, 2, 2]


def test_what_is_done_to_an_image_stays_out_of_the_cache(make_dicom, ramp):
    with DicomCine(make_dicom(ramp, compress=RLELossless)) as cine:
        cine.read(0)[...] = 0
        np.testing.assert_array_equal(cine.read(0), ramp[0])
