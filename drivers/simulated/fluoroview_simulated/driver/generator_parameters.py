"""Parameters of the generator: exposure factors, brightness control, tube, dose."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from fluoroview.hal import (
    BoolParameter,
    CommandParameter,
    EnumParameter,
    FloatParameter,
    StrParameter,
)
from fluoroview.hal.parameter import Parameter, Visibility
from fluoroview.hal.roles import Role
from fluoroview_simulated.driver.parameters import new_patient
from fluoroview_simulated.driver.room_device import RoomDevice
from fluoroview_simulated.driver.status_messages import POLLING_S
from fluoroview_simulated.physics.beam import pulse_kerma_ugy
from fluoroview_simulated.room import skin_map
from fluoroview_simulated.room import technique as limits
from fluoroview_simulated.room.brightness import CURVES, LEVELS
from fluoroview_simulated.room.skin import PeakSkinDose
from fluoroview_simulated.room.state import CONTINUOUS, DETECTOR_DOSE, PULSED, RoomState
from fluoroview_simulated.room.tube import FOCAL_SPOTS


def generator(device: RoomDevice) -> list[Parameter]:
    """Return every parameter of the generator."""
    return [*_exposure(device), *_brightness(device), *_skin(device), *_output(device)]


def _set(device: RoomDevice, field: str) -> Callable[[Any], object]:
    """Return what writes one field of the room's state."""
    return lambda value: device.room.change(lambda s: replace(s, **{field: value}))


def _exposure(device: RoomDevice) -> list[Parameter]:
    """Return exposure factors, filters and acquisition type."""
    room = device.room
    current = limits.TUBE_CURRENT_MA_MIN, limits.TUBE_CURRENT_MA_MAX
    width = limits.PULSE_WIDTH_MS_MIN, limits.PULSE_WIDTH_MS_MAX
    return [
        _factor(
            device, "TubeVoltage", "kv", (limits.KV_MIN, limits.KV_MAX), "kV", Role.TUBE_VOLTAGE
        ),
        _factor(device, "TubeCurrent", "tube_current_ma", current, "mA", Role.TUBE_CURRENT),
        _factor(device, "PulseWidth", "pulse_width_ms", width, "ms", Role.PULSE_WIDTH),
        EnumParameter(
            "PulseRate",
            lambda: f"{room.state.rate_hz:g}",
            lambda v: room.change(lambda s: replace(s, rate_hz=float(v))),
            unit="1/s",
            choices=[f"{r:g}" for r in limits.PULSE_RATES_HZ],
            description="Pulses per second.",
            label="Pulse rate",
            role=Role.FRAME_RATE,
        ),
        EnumParameter(
            "CopperFilter",
            lambda: f"{room.state.technique.filter_cu_mm:g}",
            lambda v: room.change(lambda s: s.with_filter(float(v))),
            unit="mm",
            choices=[f"{c:g}" for c in limits.COPPER_MM],
            description="Added copper.",
            label="Copper filter",
            role=Role.COPPER_FILTER,
        ),
        FloatParameter(
            "AluminiumFilter",
            lambda: room.state.technique.filter_al_mm,
            unit="mm",
            description="Total aluminium, the tube's own included.",
            label="Aluminium filter",
            role=Role.ALUMINIUM_FILTER,
        ),
        EnumParameter(
            "RadiationMode",
            lambda: room.state.radiation_mode,
            _set(device, "radiation_mode"),
            choices=[PULSED, CONTINUOUS],
            description="Continuous: the beam stays on, 30 frames/s are read out, motion is "
            "blurred.",
            label="Mode",
        ),
        EnumParameter(
            "AcquisitionType",
            lambda: room.state.acquisition_type,
            _set(device, "acquisition_type"),
            choices=list(DETECTOR_DOSE),
            description="An acquisition (cine, DSA) has 8 times the detector dose per pulse of "
            "fluoroscopy; a single image 16 times, and one pulse for each press of the pedal.",
            label="Acquisition type",
            role=Role.ACQUISITION_TYPE,
        ),
        new_patient(
            device,
            "FocalSpot",
            lambda: room.state.focal_spot,
            RoomState.with_focal_spot,
            list(FOCAL_SPOTS),
            "Nominal size; a smaller one is sharper and takes less power.",
            "mm",
            label="Focal spot",
        ),
    ]


def _factor(
    device: RoomDevice,
    name: str,
    field: str,
    span: tuple[float, float],
    unit: str,
    role: Role,
) -> FloatParameter:
    """Return an exposure factor: the automatic one, until the operator sets another."""
    return FloatParameter(
        name,
        lambda: getattr(device.room.state.technique_in_use, field),
        lambda v: device.room.change(lambda s: s.with_factors(**{field: float(v)})),
        minimum=span[0],
        maximum=span[1],
        unit=unit,
        description="Setting it turns the automatic brightness control off.",
        polling_interval_s=POLLING_S,
        role=role,
    )


def _brightness(device: RoomDevice) -> list[Parameter]:
    """Return the automatic brightness control."""
    room = device.room
    return [
        BoolParameter(
            "AutomaticBrightnessControl",
            lambda: room.state.automatic_brightness,
            lambda on: room.change(lambda s: s.with_automatic_brightness(on)),
            description="Chooses tube voltage, tube current and pulse width; setting one of them "
            "turns it off.",
            label="Automatic brightness",
            role=Role.BRIGHTNESS_CONTROL,
        ),
        EnumParameter(
            "BrightnessCurve",
            lambda: room.state.brightness_curve,
            _set(device, "brightness_curve"),
            choices=list(CURVES),
            description="Which factor rises first with a thicker patient.",
            label="Brightness curve",
            role=Role.BRIGHTNESS_CURVE,
        ),
        EnumParameter(
            "DoseLevel",
            lambda: room.state.dose_level,
            _set(device, "dose_level"),
            choices=list(LEVELS),
            description="Detector dose per pulse. Boost works only while High level is held.",
            label="Dose level",
            role=Role.DOSE_LEVEL,
        ),
        BoolParameter(
            "HighLevelControl",
            lambda: room.state.high_level,
            _set(device, "high_level"),
            description="While held, the limit is 176 instead of 88 mGy/min (21 CFR 1020.32).",
            label="High level",
            role=Role.HIGH_LEVEL,
        ),
        StrParameter(
            "BrightnessLimit",
            lambda: room.state.brightness_limit,
            description="What keeps the image from its dose level; empty if nothing does.",
            label="Limited by",
            polling_interval_s=POLLING_S,
            role=Role.BRIGHTNESS_LIMIT,
        ),
    ]


def _skin(device: RoomDevice) -> list[Parameter]:
    """Return the dose of the skin."""

    def peak() -> PeakSkinDose | None:
        scene = device.scene()
        return scene.skin.peak() if scene is not None else None

    return [
        FloatParameter(
            "PeakSkinDose",
            lambda: round(p.kerma_mgy, 4) if (p := peak()) else 0.0,
            unit="mGy",
            description="Entrance surface air kerma with backscatter of the most exposed patch of "
            "skin, simulated. Another patient starts at 0.",
            label="Peak skin dose",
            polling_interval_s=POLLING_S,
            role=Role.PEAK_SKIN_DOSE,
        ),
        StrParameter(
            "PeakSkinDosePlace",
            lambda: f"{p.side}, z = {p.height_mm:.0f} mm" if (p := peak()) else "",
            description="Where that patch lies.",
            label="Place of peak skin dose",
            polling_interval_s=POLLING_S,
            role=Role.PEAK_SKIN_DOSE_PLACE,
        ),
        _SkinFile(device),
        CommandParameter(
            "SkinDoseReset",
            device.reset_skin,
            description="Begin the skin dose of another patient.",
            label="Reset skin dose",
            role=Role.SKIN_DOSE_RESET,
        ),
    ]


def _output(device: RoomDevice) -> list[Parameter]:
    """Return what the tube gives and holds."""
    room = device.room

    def kerma_ugy() -> float:
        state = room.state
        return pulse_kerma_ugy(state.factors(), state.geometry)

    return [
        FloatParameter(
            "AnodeHeat",
            lambda: round(100.0 * room.state.tube.heat_share(time.monotonic_ns() / 1e9), 1),
            unit="%",
            description="Share of the anode's heat capacity; at 100 % no pulse is made until it "
            "has cooled.",
            label="Anode heat",
            polling_interval_s=POLLING_S,
            role=Role.ANODE_HEAT_PERCENT,
        ),
        FloatParameter(
            "AirKermaPerPulse",
            kerma_ugy,
            unit="µGy",
            description="At the reference point, with the present factors, simulated.",
            label="Air kerma per pulse",
            visibility=Visibility.EXPERT,
        ),
        FloatParameter(
            "AirKermaRate",
            lambda: kerma_ugy() * room.state.pulses_per_s * 60e-3,
            unit="mGy/min",
            description="At the reference point, with the present factors, simulated.",
            label="Air kerma rate",
            visibility=Visibility.EXPERT,
        ),
    ]


class _SkinFile(StrParameter):
    """Writes the map of the skin's dose when a file is named."""

    def __init__(self, device: RoomDevice) -> None:
        self._device, self._written = device, ""
        super().__init__(
            "SkinDoseMapFile",
            lambda: self._written,
            lambda v: setattr(self, "_written", v),
            description="File (.png or .npz) that the map of the skin dose is written to.",
            label="Skin dose map",
            role=Role.SKIN_DOSE_MAP,
        )

    def check(self, value: Any) -> str:
        """Write the map, or raise ValueError with the reason why it cannot be written."""
        text = str(super().check(value))
        if not text:
            return ""
        self._device.patient()
        scene = self._device.scene()
        return str(skin_map.save(text, scene.skin)) if scene is not None else ""
