"""Lines as README.md writes them, and lines that are wrong."""

import re
from decimal import Decimal
from pathlib import Path

import pytest

from fluoroview_kapmeter.protocol import (
    MAX_LINE_BYTES,
    ChecksumError,
    GarbageError,
    Identity,
    LineSplitter,
    Reading,
    Trouble,
    WasReset,
    checksum,
    decode,
    encode,
)

README = Path(__file__).parents[1] / "README.md"


def test_the_checksum_is_the_catalogued_one():
    assert checksum(b"123456789") == 0x29B1  # CRC-16/CCITT-FALSE (IBM-3740)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("KAP 12.345 uGym2 N 17", Reading(Decimal("12.345"), 17)),
        ("KAP 0 uGym2 N 9999", Reading(Decimal(0), 9999)),
        (
            "ID Example,KM-1,SN42,99999.999",
            Identity("Example", "KM-1", "SN42", Decimal("99999.999")),
        ),
        ("RESET button", WasReset("button")),
        ("ERR 12 chamber voltage low", Trouble(12, "chamber voltage low")),
        ("TEMP 25.3", None),
        ("KAP -1 uGym2 N 17", None),
        ("KAP nan uGym2 N 17", None),
        ("KAP 1e5 uGym2 N 17", None),
    ],
)
def test_a_line_states(text, message):
    assert decode(encode(text)) == message


@pytest.mark.parametrize(
    ("line", "error"),
    [
        (b"KAP 12.345 uGym2 N 17", GarbageError),
        (b"KAP 12.345 uGym2 N 17*12", GarbageError),
        (b"KAP 12.345 uGym2 N 17*WXYZ", GarbageError),
        (b"\xff\x00\x80", GarbageError),
        (encode("KAP 1 uGym2 N 1").replace(b"1", b"2", 1), ChecksumError),
        (encode("X" * MAX_LINE_BYTES), GarbageError),
    ],
)
def test_a_wrong_line_is_distinguished_from_garbage(line, error):
    with pytest.raises(error):
        decode(line)


def test_every_single_wrong_bit_is_seen():
    line = encode("KAP 12.345 uGym2 N 17").strip()
    for bit in range(8 * len(line)):
        flipped = bytearray(line)
        flipped[bit // 8] ^= 1 << bit % 8
        if bytes(flipped).upper() != line.upper():  # hex digits may be small
            with pytest.raises((ChecksumError, GarbageError)):
                decode(bytes(flipped))


def test_lines_are_cut_whatever_pieces_they_come_in():
    data = encode("RESET host") + b"\r\n" + encode("KAP 1 uGym2 N 1")
    for size in (1, 3, 7, len(data)):
        splitter = LineSplitter()
        lines = [
            line
            for start in range(0, len(data), size)
            for line in splitter.feed(data[start : start + size])
        ]
        assert [decode(line) for line in lines] == [WasReset("host"), Reading(Decimal(1), 1)]


def test_noise_without_an_end_does_not_pile_up():
    splitter = LineSplitter()
    lines = [line for _ in range(1000) for line in splitter.feed(b"\xff" * 10)]
    assert len(lines) == 10_000 // (MAX_LINE_BYTES + 4)
    assert all(len(line) <= MAX_LINE_BYTES + 10 for line in lines)


def test_the_readme_prints_lines_that_are_right():
    printed = re.findall(r"^([A-Z?]\S*.*\*[0-9A-F]{4})$", README.read_text(encoding="utf-8"), re.M)
    assert len(printed) >= 6
    for line in printed:
        assert encode(line.rpartition("*")[0]).decode().strip() == line
