"""From a cumulative counter to increments, over rollover and reset. Decimal: nothing is rounded."""

from decimal import Decimal

_HIGH, _LOW = Decimal("0.75"), Decimal("0.25")
"""A counter that goes back from above to below these parts of its full scale has rolled over."""


class KapCounter:
    """Follows the meter's counter from its first reading on."""

    def __init__(self, full_scale_ugym2: Decimal) -> None:
        self.full_scale_ugym2 = full_scale_ugym2
        self.cumulative_ugym2: Decimal | None = None
        self.rollovers = 0
        self.resets = 0
        self.unannounced = 0

    def reading(self, value_ugym2: Decimal) -> Decimal:
        """Return what came since the last reading, µGy·m²; 0 for the first.

        A counter that went back without a word has rolled over, if it was near its full scale; if
        not, it was reset unseen: then its value is what is known to have come since.
        """
        before, self.cumulative_ugym2 = self.cumulative_ugym2, value_ugym2
        if before is None:
            return Decimal(0)
        if value_ugym2 >= before:
            return value_ugym2 - before
        if before >= _HIGH * self.full_scale_ugym2 and value_ugym2 <= _LOW * self.full_scale_ugym2:
            self.rollovers += 1
            return value_ugym2 + self.full_scale_ugym2 - before
        self.unannounced += 1
        return value_ugym2

    def reset(self) -> None:
        """Take note that the meter counts from 0 again."""
        self.resets += 1
        self.cumulative_ugym2 = Decimal(0)
