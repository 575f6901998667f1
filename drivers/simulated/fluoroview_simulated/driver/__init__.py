"""The detector as the HAL sees it: its parameters, its catalogue of procedures, its pulses."""
