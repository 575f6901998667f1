"""The codes of the pixel formats, against the table that harvesters brings."""

from harvesters.util.pfnc import dict_by_ints

from fluoroview.hal.sdk.pixel_format import BY_CODE, BY_NAME


def test_codes_are_those_of_the_standard():
    # harvesters' table is older than Mono14p, whose value is from the PFNC list of values.
    table = dict_by_ints | {0x010E0104: "Mono14p"}
    assert {table.get(code): code for code in BY_CODE} == {
        entry.name: entry.code for entry in BY_NAME.values()
    }
