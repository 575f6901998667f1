"""Parameters: what of the detector is simulated, and the truth beside the images."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from fluoroview.hal import Access, BoolParameter, FloatParameter, StrParameter
from fluoroview.hal.parameter import Parameter
from fluoroview_simulated.driver.parameters import remakes
from fluoroview_simulated.panel.settings import NOISE_KINDS
from fluoroview_simulated.render.truth import checked_folder

if TYPE_CHECKING:
    from fluoroview_simulated.driver.device import SimulatedDetector


def panel(device: SimulatedDetector) -> list[Parameter]:
    """What of the detector is simulated, each to be switched off by itself; and the truth."""
    suite = device.suite

    def switch(name: str, field: str, description: str) -> BoolParameter:
        def write(on: bool) -> None:
            suite.settings = replace(suite.settings, **{field: on})
            device.prepare()

        return BoolParameter(
            name,
            lambda: bool(getattr(suite.settings, field)),
            write,
            access=Access.RW_IDLE,
            description=description,
        )

    def jitter(ms: float) -> None:
        suite.settings = replace(suite.settings, jitter_ms=float(ms))
        device.prepare()

    return [
        switch("ScintillatorAbsorption", "absorption", "off: every photon is detected"),
        switch("ScintillatorBlur", "mtf", "light spreads in the scintillator"),
        remakes(
            device,
            "QuantumNoise",
            lambda: suite.settings.noise,
            lambda v: setattr(suite, "settings", replace(suite.settings, noise=v)),
            list(NOISE_KINDS),
            "compound: Poisson noise over Swank's factor",
        ),
        switch("NoiseCorrelation", "correlated", "the scintillator joins neighbours' noise"),
        switch("ElectronicNoise", "electronic_noise", "noise of the read-out"),
        switch("PanelPatterns", "patterns", "gains and offsets of single pixels"),
        switch("PanelDefects", "defects", "dead, hot and weak pixels of a raw panel"),
        switch("Saturation", "saturation", "on: 14 bits; off: 16 bits"),
        switch("Lag", "lag", "shares of a pulse come with the next four frames"),
        FloatParameter(
            "FrameJitter",
            lambda: suite.settings.jitter_ms,
            jitter,
            minimum=0.0,
            maximum=20.0,
            unit="ms",
            access=Access.RW_IDLE,
            description="spread of the frames' times, root mean square",
        ),
        _Folder(
            "TruthFolder",
            lambda: suite.truth_folder,
            lambda v: setattr(suite, "truth_folder", v),
            description="each frame's noiseless image, material maps and facts are written there; "
            "slows the pulses down; empty: no truth",
        ),
    ]


class _Folder(StrParameter):
    """A folder that can be written to, or none."""

    def check(self, value: Any) -> str:
        """Return the folder, or raise ValueError saying why it cannot be used."""
        return checked_folder(str(super().check(value)))
