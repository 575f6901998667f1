"""Four public angiogram files, one image in four codings: they open and show the same pixels."""

from pathlib import Path

import numpy as np
import pytest

from fluoroview.dicom import DicomCine

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "data" / "dicom"
NAMES = ("XA1_RLE.dcm", "XA1_JPLL.dcm", "XA1_JLSL.dcm", "XA1_J2KR.dcm")

pytestmark = pytest.mark.skipif(
    not FOLDER.is_dir(), reason="the public angiogram files are not next to the project"
)


@pytest.fixture(scope="module")
def reference():
    with DicomCine(FOLDER / NAMES[0]) as cine:
        return cine.read(0)


def test_the_image_is_an_angiogram(reference):
    assert reference.shape == (1024, 1024)
    assert (reference.min(), reference.max()) == (0, 504)
    assert 100 < reference.mean() < 400


@pytest.mark.parametrize("name", NAMES)
def test_it_opens_and_shows_the_same_pixels(name, reference):
    with DicomCine(FOLDER / name) as cine:
        assert cine.modality == "XA"
        assert cine.frame_count == 1
        assert cine.image_max == 1023
        assert cine.warnings == ()
        np.testing.assert_array_equal(cine.read(0), reference)
