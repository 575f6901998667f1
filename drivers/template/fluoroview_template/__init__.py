"""Template detectors: `detector` is the driver, `vendor_sdk` what it drives."""

from fluoroview_template.detector import TemplateDetector

__all__ = ["TemplateDetector"]
