"""What a frame was exposed with, as far as the pipeline cares: how bright it must be."""

Technique = tuple[float, float]
"""Tube voltage in kV, and tube current times pulse width in mAs; NaN where it is not known."""
STEADY = 0.02
"""A change of technique by less is none."""
JUMP = 0.05
"""A change of technique by more makes an image that no average may be mixed with."""


def technique_changed(now: Technique | None, before: Technique | None, by: float) -> bool:
    """Whether the x-rays are others than before by more than this fraction; known or not."""
    if now is None or before is None:
        return False
    return any(abs(new - old) > by * abs(old) for new, old in zip(now, before, strict=True))
