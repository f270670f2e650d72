"""Long path lists on standard input, on a disk without free space."""

import io
import resource

import pytest

from reid_align.errors import OutputError
from reid_align.images import find_images


def test_a_long_list_without_room_for_it_is_an_error_with_a_way_out() -> None:
    listed = b"\n".join(b"a/%07d.jpg" % index for index in range(200_000))
    assert len(listed) > 1 << 21
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
    try:
        with pytest.raises(OutputError, match=r"Cannot store the list .* TMPDIR .* \.txt file"):
            find_images(["-"], stdin=io.BytesIO(listed))
        short = listed[:1400]
        assert len(list(find_images(["-"], stdin=io.BytesIO(short)))) == 100
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert len(list(find_images(["-"], stdin=io.BytesIO(listed)))) == 200_000
