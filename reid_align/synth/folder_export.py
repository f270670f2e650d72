"""Export of a set as plain files, named as in Market-1501."""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from reid_align.errors import OutputError
from reid_align.files import new_folder, writing
from reid_align.shard_set import MASK_FILE, ROLES, SPLITS, Role, ShardSet, description
from reid_align.synth.synth_settings import SynthSettings

_ROLE_FOLDERS = {"train": "bounding_box_train", "query": "query", "gallery": "bounding_box_test"}
# Says what the files were made from, as set.json says it of the shards.
_EXPORT_FILE = "export.json"


class _Image(NamedTuple):
    """One image of a set: where its file and its map go, below ``top`` in sets with a test."""

    top: str
    path: str
    iuv: str
    person: int
    camera: int
    role: Role

    @property
    def pair(self) -> str:
        who = f"{self.person + 1:04d}"
        return f"{self.top}{self.path},texture/{who}.png,frontal/{who}.jpg,{self.iuv}"

    @property
    def listed(self) -> str:
        return f"{self.path},{self.person + 1},{self.camera + 1},{self.role}"


def market_name(person: int, camera: int, index: int) -> str:
    """Return the name, without suffix, of a person's image; all three are counted from 0."""
    return f"{person + 1:04d}_c{camera + 1}s1_{index + 1:06d}_00"


def is_exported(target: Path, settings: SynthSettings) -> bool:
    """Return whether the target holds the finished plain files of a set of these settings.

    Raises:
        OutputError: it holds something else, or is a file.
    """
    with writing(target):
        if not target.exists() or not any(target.iterdir()):
            return False
        export = target / _EXPORT_FILE
        if export.is_file() and export.read_bytes() == _description(settings):
            return True
    raise OutputError(
        f"{target} holds other files, or plain files of other options. Give a new or an empty "
        "folder."
    )


def export_folders(source: ShardSet, settings: SynthSettings, target: Path) -> int:
    """Write every image, map and texture as a file of its own; return how many images.

    Training and test images lie as in Market-1501, those for validation the same way below ``val``,
    and beside each of them ``people.csv``, which `reid_align.datasets.load_dataset` reads as "csv".
    Paired data, which show no identity, lie in ``images`` under plain numbers. Beside them lie
    ``iuv``, with a PNG for every image, ``texture`` and ``frontal``, with a file for every
    identity, ``texture_mask.png``, and ``pairs.csv``: image, texture, frontal image and map.

    Args:
        source: the set.
        settings: what it was made from.
        target: a new or an empty folder.

    Raises:
        OutputError: the target is not empty, or cannot be written; then it is left as it was.
    """
    images = list(_images(source, settings.pit))
    with new_folder(target) as folder:
        for column, suffix in (("texture", "png"), ("frontal", "jpg")):
            for row, person in enumerate(source.column("people", "person").tolist()):
                path = folder / column / f"{person + 1:04d}.{suffix}"
                _write(path, source.file("people", column, row))
        for row, image in enumerate(images):
            _write(folder / image.top / image.path, source.file("images", "jpeg", row))
            _write(folder / image.iuv, source.file("images", "iuv", row))
        pairs = ["image,texture,frontal,iuv", *(image.pair for image in images)]
        _write_lines(folder / "pairs.csv", pairs)
        if not settings.pit:
            _write_people(images, folder)
        _write(folder / MASK_FILE, (source.folder / MASK_FILE).read_bytes())
        _write(folder / _EXPORT_FILE, _description(settings))
    return len(images)


def _images(source: ShardSet, pit: bool) -> Iterator[_Image]:
    names = ("person", "camera", "split", "role")
    columns = [source.column("images", name).tolist() for name in names]
    seen: dict[int, int] = defaultdict(int)
    for row, (person, camera, split, number) in enumerate(zip(*columns, strict=True)):
        role = ROLES[number]
        folder, stem = _ROLE_FOLDERS[role], market_name(person, camera, seen[person])
        if pit:
            folder, stem = "images", f"{row + 1:06d}"
        seen[person] += 1
        top = "val/" if SPLITS[split] == "val" else ""
        yield _Image(top, f"{folder}/{stem}.jpg", f"iuv/{stem}.png", person, camera, role)


def _write_people(images: list[_Image], folder: Path) -> None:
    """Write ``people.csv`` for training and test, and for validation."""
    for top in sorted({image.top for image in images}):
        chosen = [image for image in images if image.top == top]
        # A test needs both; with one image of everybody there is no gallery.
        if not {"query", "gallery"} <= {image.role for image in chosen}:
            chosen = [image for image in chosen if image.role == "train"]
        rows = [image.listed for image in chosen]
        _write_lines(folder / top / "people.csv", ["path,person_id,camera_id,split", *rows])


def _description(settings: SynthSettings) -> bytes:
    return description(settings.record(), settings.shards)


def _write_lines(path: Path, lines: list[str]) -> None:
    _write(path, ("\n".join(lines) + "\n").encode())


def _write(path: Path, content: bytes) -> None:
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
