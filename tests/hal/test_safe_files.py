"""A file is written whole or not at all: never half, never through a link, never for everybody."""

import errno
import os
import stat
import subprocess
import sys
import textwrap

import pytest

from fluoroview.hal.safe_files import NotWrittenError, clean_leftovers, whole_file, write_whole


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def full_disk(stream):
    stream.write(b"half of it")
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.fixture
def ended_process():
    """The number of a process that has ended."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


@pytest.mark.parametrize(
    ("content", "stored"),
    [
        (b"\x00\xff", b"\x00\xff"),
        ("µGy\n", "µGy\n".encode()),
        (lambda stream: stream.write(b"by a writer"), b"by a writer"),
    ],
    ids=["bytes", "text", "writer"],
)
def test_the_content_becomes_the_file(tmp_path, content, stored):
    write_whole(tmp_path / "dose.json", content)
    assert (tmp_path / "dose.json").read_bytes() == stored
    assert names(tmp_path) == ["dose.json"]


def test_a_private_file_is_its_owners_alone_also_when_it_replaces_an_open_one(tmp_path):
    path = tmp_path / "dose.json"
    path.write_text("old")
    path.chmod(0o644)
    write_whole(path, "new")
    assert mode(path) == 0o600


def test_another_file_follows_the_umask(tmp_path):
    (tmp_path / "reference").touch()
    write_whole(tmp_path / "report.html", "x", private=False)
    assert mode(tmp_path / "report.html") == mode(tmp_path / "reference")


def test_the_file_appears_only_when_it_is_whole(tmp_path):
    path = tmp_path / "loop.dcm"
    with whole_file(path) as stream:
        stream.write(b"frames")
        stream.flush()
        assert not path.exists()
        (part,) = tmp_path.iterdir()
        assert mode(part) == 0o600
    assert names(tmp_path) == ["loop.dcm"]


def test_the_name_of_the_unfinished_file_is_unpredictable(tmp_path):
    seen = set()
    for _ in range(3):
        with whole_file(tmp_path / "x"):
            seen |= {name for name in names(tmp_path) if name.endswith(".part")}
    assert len(seen) == 3


@pytest.mark.parametrize("older", [True, False])
def test_a_full_disk_leaves_the_older_file_or_none(tmp_path, older):
    path = tmp_path / "dose.json"
    if older:
        path.write_text("the older report")
    with pytest.raises(NotWrittenError) as caught:
        write_whole(path, full_disk)
    assert caught.value.errno == errno.ENOSPC
    assert str(path) in caught.value.what
    assert names(tmp_path) == (["dose.json"] if older else [])
    if older:
        assert path.read_text() == "the older report"


def test_a_limit_of_the_system_on_the_size_leaves_the_older_file(tmp_path):
    path = tmp_path / "dose.json"
    path.write_text("the older report")
    script = """
        import errno, resource, sys
        from fluoroview.hal.safe_files import NotWrittenError, write_whole
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
        try:
            write_whole(sys.argv[1], bytes(1 << 20))
        except NotWrittenError as error:
            sys.exit(0 if error.errno == errno.EFBIG else 3)
        sys.exit(4)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script), str(path)], check=False)
    assert done.returncode == 0
    assert path.read_text() == "the older report"
    assert names(tmp_path) == ["dose.json"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_any_exception_discards_the_content_and_passes(tmp_path, error):
    with pytest.raises(error), whole_file(tmp_path / "x") as stream:
        stream.write(b"half")
        raise error
    assert names(tmp_path) == []


def test_an_error_about_another_file_passes_as_it_is(tmp_path):
    def reads_another(_stream):
        (tmp_path / "missing").read_bytes()

    with pytest.raises(FileNotFoundError):
        write_whole(tmp_path / "x", reads_another)


def test_a_link_is_replaced_and_its_target_is_untouched(tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (tmp_path / "dose.json").symlink_to(victim)
    write_whole(tmp_path / "dose.json", "new")
    assert victim.read_text() == "precious"
    assert not (tmp_path / "dose.json").is_symlink()


def test_a_device_or_a_pipe_is_written_to_and_not_replaced(tmp_path):
    write_whole("/dev/null", "nothing")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "from fluoroview.hal.safe_files import write_whole; write_whole('/dev/stdout', 'µ')",
        ],
        capture_output=True,
        check=True,
    )
    assert done.stdout == "µ".encode()


@pytest.mark.parametrize(
    ("name", "number"),
    [("missing/x", errno.ENOENT), (".", errno.EISDIR), ("file/x", errno.ENOTDIR)],
)
def test_a_place_that_cannot_hold_the_file_is_named_in_the_error(tmp_path, name, number):
    (tmp_path / "file").touch()
    with pytest.raises(NotWrittenError) as caught:
        write_whole(tmp_path / name, b"")
    assert caught.value.errno == number
    assert str(tmp_path) in caught.value.what


def test_a_long_name_and_one_of_foreign_bytes_can_be_written(tmp_path):
    for name in ("x" * 250, "é" * 120, os.fsdecode(b"caf\xe9")):
        write_whole(tmp_path / name, b"1")
        assert (tmp_path / name).read_bytes() == b"1"


def test_leftovers_of_ended_processes_are_deleted_and_no_other_file(tmp_path, ended_process):
    with whole_file(tmp_path / "loop.dcm"):
        (mine,) = names(tmp_path)
        stale = tmp_path / mine.replace(f"-{os.getpid()}-", f"-{ended_process}-")
        stale.write_bytes(b"half")
        elsewhere = tmp_path / stale.name.replace(stale.name.split(".")[-2][:8], "00000000")
        elsewhere.write_bytes(b"of another computer")
        (tmp_path / "user.part").write_bytes(b"mine")
        link = tmp_path / stale.name.replace("loop", "link")
        link.symlink_to(tmp_path / "user.part")
        assert clean_leftovers(tmp_path) == [stale]
        assert names(tmp_path) == sorted([mine, elsewhere.name, "user.part", link.name])


def test_a_leftover_of_a_process_whose_number_is_in_use_again_is_deleted(tmp_path):
    with whole_file(tmp_path / "x"):
        (mine,) = tmp_path.iterdir()
        os.utime(mine, (1.0, 1.0))
        assert clean_leftovers(tmp_path) == [mine]
        mine.touch()


def test_a_folder_that_does_not_exist_has_no_leftovers(tmp_path):
    assert clean_leftovers(tmp_path / "missing") == []


def test_what_a_killed_process_leaves_is_deleted_by_the_next_one_that_writes_there(tmp_path):
    killed = """
        import os, signal, sys
        from fluoroview.hal.safe_files import write_whole
        def dies(stream):
            stream.write(b"half")
            os.kill(os.getpid(), signal.SIGKILL)
        write_whole(sys.argv[1], dies)
    """
    path = tmp_path / "loop.dcm"
    subprocess.run([sys.executable, "-c", textwrap.dedent(killed), str(path)], check=False)
    assert [name.endswith(".part") for name in names(tmp_path)] == [True]
    write_whole(path, b"whole")
    assert names(tmp_path) == ["loop.dcm"]
