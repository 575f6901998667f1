"""Technique, dose and intensity as recorded: units, precedence, and NaN for what is absent."""

import math

import numpy as np
import pytest
from pydicom.dataset import Dataset

from fluoroview.dicom.acquisition import (
    read_dose,
    read_exposure,
    read_intensity_relationship,
)
from fluoroview.hal import Exposure, PixelIntensityRelationship


def data_set(**attributes):
    data = Dataset()
    for keyword, value in attributes.items():
        setattr(data, keyword, value)
    return data


@pytest.mark.parametrize(
    ("attributes", "field", "expected"),
    [
        ({"KVP": 72.5}, "tube_voltage_kv", 72.5),
        ({"KVP": 0}, "tube_voltage_kv", math.nan),
        ({"KVP": None}, "tube_voltage_kv", math.nan),
        ({"XRayTubeCurrentInuA": 10_300, "XRayTubeCurrent": 10}, "tube_current_ma", 10.3),
        ({"XRayTubeCurrentInmA": 10.4, "XRayTubeCurrent": 10}, "tube_current_ma", 10.4),
        ({"XRayTubeCurrent": 10}, "tube_current_ma", 10),
        ({"AveragePulseWidth": 6.5, "ExposureTime": 650}, "pulse_width_ms", 6.5),
        ({"ExposureTime": 80}, "pulse_width_ms", 80),
        ({"ExposureTime": 650, "NumberOfFrames": 100}, "pulse_width_ms", math.nan),
        ({"DistanceSourceToDetector": 1100}, "sid_mm", 1100),
        (
            {"FilterMaterial": "COPPER", "FilterThicknessMinimum": 0.1},
            "filter_cu_mm",
            0.1,
        ),
        (
            {
                "FilterMaterial": ["ALUMINUM", "COPPER"],
                "FilterThicknessMinimum": [1, 0.2],
                "FilterThicknessMaximum": [2, 0.4],
            },
            "filter_cu_mm",
            0.3,
        ),
        ({"FilterMaterial": "LEAD", "FilterThicknessMinimum": 1}, "filter_al_mm", math.nan),
        ({"FilterMaterial": "COPPER"}, "filter_cu_mm", math.nan),
        ({"FieldOfViewDimensions": [230, 180]}, "field_width_mm", 230),
        ({"FieldOfViewDimensions": [230, 180]}, "field_height_mm", 180),
        ({"FieldOfViewDimensions": 200}, "field_height_mm", 200),
        ({"IntensifierSize": 310}, "field_width_mm", 310),
        ({"FieldOfViewDimensions": [0, 0]}, "field_width_mm", math.nan),
    ],
)
def test_technique(attributes, field, expected):
    found = getattr(read_exposure(data_set(**attributes)), field)

    assert found == pytest.approx(expected, nan_ok=True)


def test_nothing_recorded_is_nan_throughout():
    assert np.isnan(read_exposure(Dataset()).values()).all()
    assert len(Exposure().values()) == 8


def enhanced(*kvps, shared=None):
    data = Dataset()
    data.PerFrameFunctionalGroupsSequence = []
    for tube_voltage_kv in kvps:
        group = Dataset()
        if tube_voltage_kv is not None:
            group.FrameAcquisitionSequence = [data_set(KVP=tube_voltage_kv)]
        data.PerFrameFunctionalGroupsSequence.append(group)
    if shared is not None:
        data.SharedFunctionalGroupsSequence = [
            data_set(FrameAcquisitionSequence=[data_set(KVP=shared)])
        ]
    return data


def test_enhanced_objects_record_each_frame():
    data = enhanced(70, 75, None, shared=60)

    assert [read_exposure(data, frame).tube_voltage_kv for frame in range(3)] == [70, 75, 60]


@pytest.mark.parametrize(
    ("attributes", "entrance_mgy", "kap_gycm2"),
    [
        ({}, math.nan, math.nan),
        ({"EntranceDoseInmGy": 1.5}, 1.5, math.nan),
        ({"EntranceDose": 3}, 300, math.nan),  # dGy
        ({"EntranceDoseInmGy": 1.5, "EntranceDose": 3}, 1.5, math.nan),
        ({"ImageAndFluoroscopyAreaDoseProduct": 12.5}, math.nan, 1.25),  # dGy·cm²
        ({"ImageAndFluoroscopyAreaDoseProduct": 0}, math.nan, math.nan),
    ],
)
def test_dose(attributes, entrance_mgy, kap_gycm2):
    dose = read_dose(data_set(**attributes))

    assert dose.entrance_mgy == pytest.approx(entrance_mgy, nan_ok=True)
    assert dose.kap_gycm2 == pytest.approx(kap_gycm2, nan_ok=True)
    assert dose.recorded == (not math.isnan(entrance_mgy) or not math.isnan(kap_gycm2))


@pytest.mark.parametrize(
    ("stated", "read"),
    [
        ("LIN", PixelIntensityRelationship.LIN),
        ("LOG", PixelIntensityRelationship.LOG),
        ("DISP", PixelIntensityRelationship.DISP),
        ("", PixelIntensityRelationship.DISP),
        ("OTHER", PixelIntensityRelationship.DISP),
    ],
)
def test_intensity_relationship(stated, read):
    assert read_intensity_relationship(data_set(PixelIntensityRelationship=stated)) is read


def test_intensity_relationship_of_an_enhanced_object():
    group = data_set(FramePixelDataPropertiesSequence=[data_set(PixelIntensityRelationship="LOG")])
    data = data_set(SharedFunctionalGroupsSequence=[group])

    assert read_intensity_relationship(data) is PixelIntensityRelationship.LOG
