"""C types and structs of XISL as its header Acq.h lays them out on 64-bit systems.

All members are naturally aligned, so that no packing is asked for; the tests compare each sizeof
with the compiler's.
"""

import ctypes
import sys

BOOL = ctypes.c_int32
WORD = ctypes.c_uint16
DWORD = ctypes.c_uint32
UINT = ctypes.c_uint32
HACQDESC = ctypes.c_void_p
ACQDESCPOS = ctypes.c_void_p

# WINAPI is a calling convention of its own only on 32-bit Windows.
if sys.platform == "win32":
    CALLBACK = ctypes.WINFUNCTYPE(None, HACQDESC)
else:
    CALLBACK = ctypes.CFUNCTYPE(None, HACQDESC)

INTERNAL_TIMER, EXTERNAL_TRIGGER, FREE_RUNNING = 2, 3, 4  # HIS_SYNCMODE_...
SEQ_CONTINUOUS = 0x100
DATA_16_BIT = 2
HEADER_WITH_FRAME_COUNT = 14
MAX_TIMINGS = 8
GRABBER_FRAMES = 8  # frames in the grabber's own ring; its index runs from 1 to 8


class CHwHeaderInfo(ctypes.Structure):
    """What every panel reports about itself."""

    _fields_ = [
        ("dwPROMID", DWORD),
        ("dwHeaderID", DWORD),
        ("bAddRow", BOOL),
        ("bPwrSave", BOOL),
        ("dwNrRows", DWORD),
        ("dwNrColumns", DWORD),
        ("dwZoomULRow", DWORD),
        ("dwZoomULColumn", DWORD),
        ("dwZoomBRRow", DWORD),
        ("dwZoomBRColumn", DWORD),
        ("dwFrmNrRows", DWORD),
        ("dwFrmRowType", DWORD),
        ("dwFrmFillRowIntervalls", DWORD),
        ("dwNrOfFillingRows", DWORD),
        ("dwDataType", DWORD),
        ("dwDataSorting", DWORD),
        ("dwTiming", DWORD),
        ("dwAcqMode", DWORD),
        ("dwGain", DWORD),
        ("dwOffset", DWORD),
        ("dwAccess", DWORD),
        ("bSyncMode", BOOL),
        ("dwBias", DWORD),
        ("dwLeakRows", DWORD),
    ]


class CHwHeaderInfoEx(ctypes.Structure):
    """What panels with header 14 and later send with each frame, the frame counter included."""

    _fields_ = [
        (name, WORD)
        for name in (
            "wHeaderID",
            "wPROMID",
            "wResolutionX",
            "wResolutionY",
            "wNrRows",
            "wNrColumns",
            "wZoomULRow",
            "wZoomULColumn",
            "wZoomBRRow",
            "wZoomBRColumn",
            "wFrmNrRows",
            "wFrmRowType",
            "wRowTime",
            "wClock",
            "wDataSorting",
            "wTiming",
            "wGain",
            "wLeakRows",
            "wAccess",
            "wBias",
            "wUgComp",
            "wCameratype",
            "wFrameCnt",
            "wBinningMode",
            "wRealInttime_milliSec",
            "wRealInttime_microSec",
            "wStatus",
            "wCommand1",
            "wCommand2",
            "wCommand3",
            "wCommand4",
            "wDummy",
        )
    ]


class DetectorProperties(ctypes.Structure):
    """GBIF_Detector_Properties: what is stored in the panel for good; texts may lack their NUL."""

    _fields_ = [
        ("cDetectorType", ctypes.c_char * 32),
        ("cManufacturingDate", ctypes.c_char * 8),
        ("cPlaceOfManufacture", ctypes.c_char * 8),
        ("cUniqueDeviceIdentifier", ctypes.c_char * 16),
        ("cDeviceIdentifier", ctypes.c_char * 16),
        ("cDummy", ctypes.c_char * 48),
    ]
