"""Varex (formerly PerkinElmer) flat panels through the vendor's XISL library.

`detector` is the driver, `parameters` its settings, `acquisition` one run in the SDK's callback,
`frame_account` says where missing frames went, `sensors` finds and claims the panels, `library`
holds the calls, `structs` the C types, `errors` the sentences.
"""

from fluoroview_xisl.detector import XislDetector

__all__ = ["XislDetector"]
