"""DICOM files made to order, so that each test shows the one thing that it is about."""

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, generate_uid

XA = "1.2.840.10008.5.1.4.1.1.12.1"


def build(frames, syntax=ExplicitVRLittleEndian, **attributes):
    """Return a data set for `frames`: count × rows × columns (× 3), as stored."""
    frames = np.asarray(frames)
    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = syntax
    data.file_meta.MediaStorageSOPClassUID = attributes.get("SOPClassUID", XA)
    data.SOPClassUID = data.file_meta.MediaStorageSOPClassUID
    data.SOPInstanceUID = data.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    data.Modality = "XA"
    data.SamplesPerPixel = 3 if frames.ndim == 4 else 1
    data.PhotometricInterpretation = "RGB" if frames.ndim == 4 else "MONOCHROME2"
    if frames.ndim == 4:
        data.PlanarConfiguration = 0
    data.NumberOfFrames, data.Rows, data.Columns = frames.shape[:3]
    data.BitsAllocated = data.BitsStored = frames.dtype.itemsize * 8
    data.PixelRepresentation = int(frames.dtype.kind == "i")
    for keyword, value in attributes.items():
        setattr(data, keyword, value)
    if "HighBit" not in attributes:
        data.HighBit = data.BitsStored - 1
    little = syntax != ExplicitVRBigEndian
    pixels = frames.astype(frames.dtype.newbyteorder("<" if little else ">")).tobytes()
    pixels += b"\0" * (len(pixels) % 2)
    if data.BitsAllocated == 8 and not little:  # words of two pixels, swapped (PS3.5 8.1.2)
        pixels = np.frombuffer(pixels, np.uint16).byteswap().tobytes()
    data.PixelData = pixels
    data["PixelData"].VR = "OB" if data.BitsAllocated == 8 and little else "OW"
    for keyword in [key for key, value in attributes.items() if value is None]:
        delattr(data, keyword)
    return data


@pytest.fixture(scope="session")
def build_dicom():
    """Return `build`, for tests that want the data set and not a file."""
    return build


@pytest.fixture
def make_dicom(tmp_path):
    """Write `frames` to a file; keyword arguments set attributes, None removes them."""

    def make(frames, syntax=ExplicitVRLittleEndian, name="loop.dcm", compress=None, **attributes):
        data = build(frames, syntax, **attributes)
        if compress:
            data.compress(compress)
        path = tmp_path / name
        little = syntax != ExplicitVRBigEndian
        implicit = data.file_meta.TransferSyntaxUID.is_implicit_VR
        pydicom.dcmwrite(
            path, data, enforce_file_format=True, little_endian=little, implicit_vr=implicit
        )
        return path

    return make


@pytest.fixture
def ramp():
    """Four frames of 6 × 10 pixels of 12 bits, no two pixels of a frame alike."""
    frames = np.arange(4 * 6 * 10, dtype=np.uint16).reshape(4, 6, 10)
    return frames * 17
