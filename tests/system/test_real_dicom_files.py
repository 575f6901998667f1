"""Four real angiogram files, one image: through the player, and through the driver."""

from pathlib import Path

import numpy as np
import pydicom
import pytest

from fluoroview.hal.testing import until
from fluoroview.session.events import Mode

FOLDER = Path(__file__).parents[3] / "shared" / "data" / "dicom"
FILES = sorted(FOLDER.glob("XA1_*.dcm"))

pytestmark = pytest.mark.skipif(not FILES, reason=f"the real images are not at {FOLDER}")


@pytest.fixture(scope="module")
def expected():
    data = pydicom.dcmread(FOLDER / "XA1_RLE.dcm")
    return data.pixel_array & ((1 << data.BitsStored) - 1)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_opened_in_the_player_it_shows_the_pixels_of_the_file(make_session, path, expected):
    session = make_session("simulated", Matrix="512")
    session.open_file(path).result(30)
    shown = []
    until(lambda: shown.append(session.take_image()) or shown[-1])
    assert shown[-1].mode is Mode.REPLAY
    assert np.array_equal(shown[-1].pixels, expected)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_replayed_as_a_device_its_pixels_are_unchanged(make_session, run_of, path, expected):
    session = make_session("dicom_replay", str(path))
    record = run_of(session, 1)
    assert np.array_equal(session.take_image().pixels, expected)
    assert record.ledger.exact
