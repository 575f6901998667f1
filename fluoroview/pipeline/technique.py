"""The technique of a frame, as far as it determines its brightness."""

Technique = tuple[float, float]
"""Tube voltage in kV, and tube current times pulse width in mAs; NaN where it is not known."""
STEADY = 0.02
"""A smaller change of technique is ignored."""
JUMP = 0.05
"""A larger change of technique makes an image that must not be averaged with earlier ones."""


def technique_changed(now: Technique | None, before: Technique | None, by: float) -> bool:
    """Whether the technique differs by more than this fraction, or became known or unknown."""
    if now is None or before is None:
        return False
    return any(abs(new - old) > by * abs(old) for new, old in zip(now, before, strict=True))
