"""Export of a set as plain files, named as in Market-1501."""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from reid_align.errors import OutputExistsError
from reid_align.files import new_folder, writing
from reid_align.progress import Progress
from reid_align.shard_set import MASK_FILE, ROLES, SPLITS, Role, ShardSet, description
from reid_align.synth.synth_settings import SynthSettings

_ROLE_FOLDERS = {"train": "bounding_box_train", "query": "query", "gallery": "bounding_box_test"}
# Settings of the exported set, in the format of set.json.
_EXPORT_FILE = "export.json"


class _Image(NamedTuple):
    """One image of a set: paths of the image and its IUV map, relative to the folder ``top``."""

    top: str
    path: str
    iuv: str
    number: int
    camera: int
    role: Role

    @property
    def pair(self) -> str:
        identity = f"{self.number + 1:04d}"
        return f"{self.top}{self.path},texture/{identity}.png,frontal/{identity}.jpg,{self.iuv}"

    @property
    def listed(self) -> str:
        return f"{self.path},{self.number + 1},{self.camera + 1},{self.role}"


def market_name(number: int, camera: int, index: int) -> str:
    """Return the file name without suffix of an image of an identity; all arguments start at 0."""
    return f"{number + 1:04d}_c{camera + 1}s1_{index + 1:06d}_00"


def is_exported(target: Path, settings: SynthSettings) -> bool:
    """Return whether the folder contains a complete export with these settings.

    Raises:
        OutputError: it is a file, or cannot be read.
        OutputExistsError: it contains something else.
    """
    with writing(target):
        if not target.exists() or not any(target.iterdir()):
            return False
        export = target / _EXPORT_FILE
        if export.is_file() and export.read_bytes() == _description(settings):
            return True
    raise OutputExistsError(
        f"{target} contains other files, or a set with different settings. Give a new or an empty "
        "folder."
    )


def export_folders(
    source: ShardSet, settings: SynthSettings, target: Path, *, progress: bool = False
) -> int:
    """Write every image, IUV map and texture as a file; return the number of images.

    Training and test images have the folders and names of Market-1501; the validation images have
    the same layout in ``val``. Both have a ``people.csv``, which `reid_align.datasets.load_dataset`
    reads as "csv". Paired data have no identities; their images are numbered files in ``images``.
    All sets have ``iuv`` (one PNG per image), ``texture`` and ``frontal`` (one file per identity),
    ``texture_mask.png``, and ``pairs.csv`` (image, texture, frontal image, IUV map).

    Args:
        source: the set.
        settings: settings of the set.
        target: a new or empty folder; unchanged if an error occurs.
        progress: show the progress on standard error.

    Raises:
        OutputError: the target is not empty, or cannot be written.
    """
    images = list(_images(source, settings.pit))
    bar = Progress(len(images), label="files", visible=progress)
    with new_folder(target) as folder, bar:
        for column, suffix in (("texture", "png"), ("frontal", "jpg")):
            for row, number in enumerate(source.column("people", "person").tolist()):
                path = folder / column / f"{number + 1:04d}.{suffix}"
                _write(path, source.file("people", column, row))
        for row, image in enumerate(bar.track(images)):
            _write(folder / image.top / image.path, source.file("images", "jpeg", row))
            _write(folder / image.iuv, source.file("images", "iuv", row))
        pairs = ["image,texture,frontal,iuv", *(image.pair for image in images)]
        _write_lines(folder / "pairs.csv", pairs)
        if not settings.pit:
            _write_people_csv(images, folder)
        _write(folder / MASK_FILE, (source.folder / MASK_FILE).read_bytes())
        _write(folder / _EXPORT_FILE, _description(settings))
    return len(images)


def _images(source: ShardSet, pit: bool) -> Iterator[_Image]:
    names = ("person", "camera", "split", "role")
    columns = [source.column("images", name).tolist() for name in names]
    seen: dict[int, int] = defaultdict(int)
    for row, (number, camera, split, role_index) in enumerate(zip(*columns, strict=True)):
        role = ROLES[role_index]
        folder, stem = _ROLE_FOLDERS[role], market_name(number, camera, seen[number])
        if pit:
            folder, stem = "images", f"{row + 1:06d}"
        seen[number] += 1
        top = "val/" if SPLITS[split] == "val" else ""
        yield _Image(top, f"{folder}/{stem}.jpg", f"iuv/{stem}.png", number, camera, role)


def _write_people_csv(images: list[_Image], folder: Path) -> None:
    """Write one ``people.csv`` for training and test, and one for validation."""
    for top in sorted({image.top for image in images}):
        chosen = [image for image in images if image.top == top]
        # Sets with one image per identity have no gallery.
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
