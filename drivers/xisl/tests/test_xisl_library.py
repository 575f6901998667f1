"""The calls and structs against the compiler's view of them, and a library that is not there."""

import ctypes
import re
from pathlib import Path

import pytest

from fluoroview.hal import DriverError
from fluoroview.hal.runtime.registry import discover, installed_drivers
from fluoroview_xisl import XislDetector, library, structs

HEADER = Path(__file__).parents[1] / "emulator" / "xisl_emulator.h"
C_TYPES = {
    "BOOL": structs.BOOL,
    "WORD": structs.WORD,
    "DWORD": structs.DWORD,
    "UINT": structs.UINT,
    "int": ctypes.c_int,
    "double": ctypes.c_double,
    "unsigned short": ctypes.c_ushort,
    "HWND": ctypes.c_void_p,
    "HACQDESC": structs.HACQDESC,
    "ACQDESCPOS": structs.ACQDESCPOS,
    "CALLBACK": structs.CALLBACK,
    "CHwHeaderInfo": structs.CHwHeaderInfo,
    "CHwHeaderInfoEx": structs.CHwHeaderInfoEx,
    "GBIF_Detector_Properties": structs.DetectorProperties,
}


def prototypes():
    """Yield the name and the argument types of each XISL call in the header."""
    text = HEADER.read_text(encoding="utf-8")
    for name, arguments in re.findall(r"HIS_RETURN (\w+)\(([^)]*)\);", text):
        yield name, [c_type(argument) for argument in arguments.split(",") if argument != "void"]


def c_type(argument):
    plain, star, _ = re.fullmatch(r"\s*([\w ]+?)\s*(\*?)\s*(\w+)", argument, re.S).groups()
    found = C_TYPES[plain]
    return ctypes.POINTER(found) if star else found


@pytest.mark.parametrize(
    ("name", "struct"),
    [
        ("CHwHeaderInfo", structs.CHwHeaderInfo),
        ("CHwHeaderInfoEx", structs.CHwHeaderInfoEx),
        ("GBIF_Detector_Properties", structs.DetectorProperties),
    ],
)
def test_structs_have_the_size_that_the_compiler_gives_them(emulator, name, struct):
    size_of = ctypes.CDLL(str(emulator)).XislEmulator_SizeOf
    size_of.argtypes, size_of.restype = [ctypes.c_char_p], ctypes.c_uint32
    assert size_of(name.encode()) == ctypes.sizeof(struct) > 0


def test_the_table_is_that_of_the_header():
    assert dict(prototypes()) == library.PROTOTYPES


def test_every_call_returns_an_unsigned_status_and_keeps_64_bit_handles():
    calls = library.load()._calls
    assert {call.restype for call in calls.values()} == {structs.UINT}
    assert ctypes.sizeof(structs.HACQDESC) == ctypes.sizeof(ctypes.c_void_p)


@pytest.mark.parametrize("call", [XislDetector.discover, lambda: XislDetector("EMU0001").open()])
def test_a_missing_library_is_one_sentence_and_what_to_do(monkeypatch, call):
    monkeypatch.setenv(library.LIBRARY_VARIABLE, "/nowhere/libxisl.so")
    with pytest.raises(DriverError) as caught:
        call()
    assert str(caught.value) == (
        "The xisl driver needs Varex's XISL library, and /nowhere/libxisl.so cannot be loaded: "
        "cannot open shared object file: No such file or directory. Install the Varex XIS "
        "software, or set FLUOROVIEW_XISL_LIBRARY to the library's path."
    )


def test_another_library_is_named_with_the_function_it_lacks(monkeypatch):
    monkeypatch.setenv(library.LIBRARY_VARIABLE, "libc.so.6")
    with pytest.raises(DriverError, match=r"libc\.so\.6 has no function Acquisition_EnumSensors"):
        XislDetector.discover()


def test_looking_for_devices_states_it_and_leaves_the_other_drivers_alone(monkeypatch):
    monkeypatch.setenv(library.LIBRARY_VARIABLE, "/nowhere/libxisl.so")
    driver = next(info for info in installed_drivers() if info.name == "xisl")
    found = discover(driver)
    assert found.devices == []
    assert "set FLUOROVIEW_XISL_LIBRARY" in found.error
