"""A set as plain files, named as Market-1501 names them."""

from pathlib import Path

from reid_align.errors import OutputError
from reid_align.files import writing
from reid_align.shard_set import ShardSet
from reid_align.synth.settings import ROLES, SPLITS

_ROLE_FOLDERS = {"train": "bounding_box_train", "query": "query", "gallery": "bounding_box_test"}


def export_folders(source: ShardSet, target: Path) -> int:
    """Write every picture, map and texture as a file of its own; return how many pictures.

    Training and test images lie as in Market-1501, those for validation the same way below ``val``.
    Beside them lie ``iuv``, with a PNG for every picture, ``texture`` and ``frontal``, with a file
    for every identity, and ``pairs.csv``: picture, texture, frontal picture and map.

    Raises:
        OutputError: the target is not empty, or cannot be written.
    """
    with writing(target):
        if target.exists() and any(target.iterdir()):
            raise OutputError(f"{target}: not empty. Choose another folder for the plain files.")
        _write_people(source, target)
        return _write_images(source, target)


def _write_people(source: ShardSet, target: Path) -> None:
    for column, suffix in (("texture", "png"), ("frontal", "jpg")):
        (target / column).mkdir(parents=True, exist_ok=True)
        for row, person in enumerate(source.column("people", "person")):
            path = target / column / f"{int(person) + 1:04d}.{suffix}"
            path.write_bytes(source.file("people", column, row))


def _write_images(source: ShardSet, target: Path) -> int:
    names = ("person", "camera", "split", "role")
    columns = [source.column("images", name).tolist() for name in names]
    pairs = ["image,texture,frontal,iuv"]
    previous, count = -1, 0
    for row, (person, camera, split, role) in enumerate(zip(*columns, strict=True)):
        count = count + 1 if person == previous else 0
        previous = person
        folder = "val/" if SPLITS[split] == "val" else ""
        folder += _ROLE_FOLDERS[ROLES[role]]
        stem = f"{person + 1:04d}_c{camera + 1}s1_{count + 1:06d}_00"
        image, iuv = f"{folder}/{stem}.jpg", f"iuv/{stem}.png"
        for name, column in ((image, "jpeg"), (iuv, "iuv")):
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            (target / name).write_bytes(source.file("images", column, row))
        who = f"{person + 1:04d}"
        pairs.append(f"{image},texture/{who}.png,frontal/{who}.jpg,{iuv}")
    (target / "pairs.csv").write_text("\n".join(pairs) + "\n")
    return len(pairs) - 1
