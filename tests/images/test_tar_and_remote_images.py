"""Images in tar files and on remote file systems."""

import io
import tarfile
from pathlib import Path

import fsspec
import pytest
from PIL import Image

from reid_align.errors import ImageReadError, InvalidInputError, NoImagesError
from reid_align.images import decode_image, find_images
from reid_align.images.find import find_sources
from reid_align.images.image_addresses import image_exists, split_member
from reid_align.images.same_files import file_key
from reid_align.images.tar_files import stream_tar


def png(shade: int) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (5, 9), (shade, 0, 0)).save(stream, "PNG")
    return stream.getvalue()


def tar_of(members: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return stream.getvalue()


SHARD = tar_of({f"{i:03}.{kind}": png(i) for i in range(4) for kind in ("png", "json")})
HEADER = 512
MEMBER = 2 * HEADER  # header and content of one member


@pytest.fixture
def bucket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A bucket of fsspec's memory file system, and the current folder, with the same files."""
    monkeypatch.chdir(tmp_path)
    memory = fsspec.filesystem("memory")
    memory.store.clear()
    files = {"a/1.png": png(1), "b/2.png": png(2), "b/.hidden.png": png(3), "x.tar": SHARD}
    for name, data in files.items():
        memory.pipe(f"/bucket/{name}", data)
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
    memory.pipe("/bucket/list.txt", b"memory://bucket/a/1.png\nmemory://bucket/x.tar/002.png\n")
    return "memory://bucket"


def shades(paths: list[str]) -> list[int]:
    return [int(decode_image(path)[0, 0, 0]) for path in paths]


def test_members_of_a_tar_file_are_images(bucket: str) -> None:
    found = list(find_images(["x.tar"]))
    assert found == [f"x.tar/{i:03}.png" for i in range(4)]
    assert shades(found) == [0, 1, 2, 3]
    assert list(find_images(["*.tar"])) == found
    assert list(find_sources(["x.tar", "a"])) == ["x.tar", "a/1.png"]
    assert [(name, data) for name, data in stream_tar("x.tar")] == [
        (f"x.tar/{i:03}.png", png(i)) for i in range(4)
    ]
    with pytest.raises(NoImagesError, match=r"1 tar files; give a pattern that ends in \.tar"):
        list(find_images(["*.ta?"]))


def test_a_folder_named_like_a_tar_file_is_a_folder(bucket: str) -> None:
    Path("folder.tar").mkdir()
    Path("folder.tar/1.png").write_bytes(png(7))
    assert shades(list(find_images(["folder.tar"]))) == [7]
    assert split_member("folder.tar/1.png") is None
    assert split_member("x.tar/1.png") == ("x.tar", "1.png")
    assert split_member("s3://bucket/a.tar/b/1.png") == ("s3://bucket/a.tar", "b/1.png")


def test_remote_folders_patterns_lists_and_tar_files(bucket: str) -> None:
    for given, expected in (
        (bucket, [1, 2]),
        (f"{bucket}/b", [2]),
        (f"{bucket}/*/*.png", [1, 2]),
        (f"{bucket}/a/1.png", [1]),
        (f"{bucket}/list.txt", [1, 2]),
        (f"{bucket}/x.tar", [0, 1, 2, 3]),
    ):
        assert shades(list(find_images([given]))) == expected, given


def test_missing_remote_images_are_named(bucket: str) -> None:
    with pytest.raises(NoImagesError, match="memory://nothing: no such file or folder"):
        list(find_images(["memory://nothing"]))
    with pytest.raises(ImageReadError, match="the file does not exist"):
        decode_image(f"{bucket}/c.png")
    with pytest.raises(ImageReadError, match="the tar file has no such image"):
        decode_image("x.tar/9.png")
    with pytest.raises(NoImagesError, match="cannot read this list"):
        list(find_images([f"{bucket}/nothing.txt"]))
    with pytest.raises(InvalidInputError, match="Protocol not known: foo"):
        list(find_images(["foo://bucket"]))


@pytest.mark.parametrize(
    ("size", "readable", "last", "reason"),
    [
        (2 * MEMBER + HEADER, 1, "y.tar/001.png", "ends inside this image"),
        (2 * MEMBER + HEADER // 2, 1, "y.tar", r"damaged or cut off after 000\.json"),
        (2 * MEMBER, 1, "y.tar", r"damaged or cut off after 000\.json"),
        (MEMBER + HEADER, 1, "y.tar", r"ends inside 000\.json"),
        (0, 0, "y.tar", "damaged after the start"),
    ],
)
def test_what_a_damaged_tar_file_lacks_is_a_failed_image(
    bucket: str, size: int, readable: int, last: str, reason: str
) -> None:
    Path("y.tar").write_bytes(SHARD[:size])
    found = list(find_images(["y.tar"]))
    assert len(found) == readable + 1
    assert found[-1] == last
    assert shades(found[:-1]) == list(range(readable))
    with pytest.raises(ImageReadError, match=reason):
        decode_image(found[-1])
    assert [name for name, _ in stream_tar("y.tar")] == found
    assert isinstance(list(stream_tar("y.tar"))[-1][1], ImageReadError)


def test_damage_in_the_middle_is_found(bucket: str) -> None:
    broken = bytearray(SHARD)
    broken[2 * MEMBER : 2 * MEMBER + HEADER] = b"x" * HEADER
    Path("y.tar").write_bytes(broken)
    assert list(find_images(["y.tar"])) == ["y.tar/000.png", "y.tar"]


def test_a_changed_tar_file_is_read_again(bucket: str) -> None:
    assert len(list(find_images(["x.tar"]))) == 4
    Path("x.tar").write_bytes(tar_of({"new.png": png(9)}))
    assert shades(list(find_images(["x.tar"]))) == [9]


def test_identity_of_members_and_remote_files(bucket: str) -> None:
    assert file_key("x.tar/000.png") == file_key("./x.tar/000.png") != file_key("x.tar/001.png")
    assert file_key("gone.tar/000.png") is None
    assert file_key("s3://bucket/1.png") == "s3://bucket/1.png"
    assert [image_exists(p) for p in ("x.tar/1.png", "gone.tar/1.png", "s3://b/1.png")] == [
        True, False, True,
    ]  # fmt: skip
