"""Parameters: which properties of the detector are simulated, and the truth of each frame."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from fluoroview.hal import Access, BoolParameter, FloatParameter, StrParameter
from fluoroview.hal.parameter import Parameter, Visibility
from fluoroview_simulated.driver.parameters import new_patient
from fluoroview_simulated.driver.room_device import RoomDevice
from fluoroview_simulated.panel.settings import NOISE_KINDS
from fluoroview_simulated.render.truth import checked_folder


def panel(device: RoomDevice) -> list[Parameter]:
    """Return the properties of the detector, each to be switched off alone, and the truth."""
    room = device.room

    def set_panel(**changes: Any) -> None:
        room.change(lambda s: replace(s, settings=replace(s.settings, **changes)))
        device.prepare()

    def switch(name: str, field: str, description: str) -> BoolParameter:
        return BoolParameter(
            name,
            lambda: bool(getattr(room.state.settings, field)),
            lambda on: set_panel(**{field: on}),
            access=Access.RW_IDLE,
            description=description,
            visibility=Visibility.GURU,
        )

    return [
        switch("ScintillatorAbsorption", "absorption", "Off: every photon is detected."),
        switch("ScintillatorBlur", "mtf", "Light spreads in the scintillator."),
        new_patient(
            device,
            "QuantumNoise",
            lambda: room.state.settings.noise,
            lambda s, v: replace(s, settings=replace(s.settings, noise=v)),
            list(NOISE_KINDS),
            "Compound: Poisson noise over the Swank factor.",
            visibility=Visibility.GURU,
        ),
        switch("NoiseCorrelation", "correlated", "The scintillator correlates neighbours' noise."),
        switch("ElectronicNoise", "electronic_noise", "Noise of the read-out."),
        switch("PanelPatterns", "patterns", "Gains and offsets of single pixels."),
        switch("PanelDefects", "defects", "Dead, hot and weak pixels of a raw panel."),
        switch("Saturation", "saturation", "On: 14 bits; off: 16 bits."),
        switch("Lag", "lag", "Shares of a pulse appear in the next four frames."),
        FloatParameter(
            "FrameJitter",
            lambda: room.state.settings.jitter_ms,
            lambda ms: set_panel(jitter_ms=float(ms)),
            minimum=0.0,
            maximum=20.0,
            unit="ms",
            access=Access.RW_IDLE,
            description="Spread of the frames' times, root mean square.",
            visibility=Visibility.GURU,
        ),
        _Folder(
            "TruthFolder",
            lambda: room.state.truth_folder,
            lambda v: room.change(lambda s: replace(s, truth_folder=v)),
            description="Folder for each frame's noiseless image, material maps and facts, which "
            "slows the pulses down; empty: none.",
            visibility=Visibility.EXPERT,
        ),
    ]


class _Folder(StrParameter):
    """A folder that can be written to, or none."""

    def check(self, value: Any) -> str:
        """Return the folder, or raise ValueError with the reason why it cannot be used."""
        return checked_folder(str(super().check(value)))
