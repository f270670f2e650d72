"""Path lists in files and streams."""

import io
import os
from itertools import zip_longest

import pytest

from reid_align.errors import NoImagesError
from reid_align.images.path_lists import read_paths, spool


def paths(data: bytes) -> list[str]:
    return list(read_paths(io.BytesIO(data), "list.txt"))


@pytest.mark.parametrize(
    "data",
    [
        b"a.jpg\nb c.jpg\n",
        b"a.jpg\nb c.jpg",
        b"a.jpg\r\nb c.jpg\r\n",
        b"\n\na.jpg\n   \n\r\nb c.jpg\n\n",
        b"\xef\xbb\xbfa.jpg\nb c.jpg\n",
        b"a.jpg\0b c.jpg\0",
    ],
)
def test_all_list_formats_are_read(data: bytes) -> None:
    assert paths(data) == ["a.jpg", "b c.jpg"]


def test_spaces_are_part_of_the_name() -> None:
    assert paths(b" a.jpg \n") == [" a.jpg "]


def test_names_separated_by_nul_can_contain_line_ends() -> None:
    assert paths(b"a\nb.jpg\0c\r\0") == ["a\nb.jpg", "c\r"]


def test_bytes_that_are_not_utf8_survive() -> None:
    assert [os.fsencode(path) for path in paths(b"caf\xe9.jpg\n")] == [b"caf\xe9.jpg"]


@pytest.mark.parametrize("separator", ["\n", "\r\n", "\0"])
def test_a_list_longer_than_a_chunk_is_read(separator: str) -> None:
    names = [f"{'x' * (i % 97)}{i}.jpg" for i in range(5000)]
    assert paths(separator.join(names).encode()) == names


@pytest.mark.parametrize("data", [b"", b"\n\r\n  \n", b"\xef\xbb\xbf", b"\0\0"])
def test_an_empty_list_is_refused(data: bytes) -> None:
    with pytest.raises(NoImagesError, match=r"list\.txt.*is empty.*one path per line"):
        paths(data)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf16_is_refused(encoding: str) -> None:
    with pytest.raises(NoImagesError, match=r"list\.txt.*UTF-16.*UTF-8"):
        paths("\ufeffa.jpg\n".encode(encoding))


def test_two_readers_can_alternate_on_one_file() -> None:
    names = [f"{i:040}.jpg" for i in range(4000)]
    file = io.BytesIO("\n".join(names).encode())
    pairs = zip_longest(read_paths(file, "first"), read_paths(file, "second"))
    assert [first for first, second in pairs if first == second] == names


@pytest.mark.parametrize("size", [0, 1000, 3 << 20])
def test_a_spooled_stream_can_be_read_again(size: int) -> None:
    data = os.urandom(size)
    with spool(io.BytesIO(data)) as copy:
        for _ in range(2):
            copy.seek(0)
            assert copy.read() == data
