"""A set as plain files, named as Market-1501 names them."""

from pathlib import Path

from reid_align.files import new_folder, writing
from reid_align.shard_set import ShardSet
from reid_align.synth.sets.settings import ROLES, SPLITS

_ROLE_FOLDERS = {"train": "bounding_box_train", "query": "query", "gallery": "bounding_box_test"}


def export_folders(source: ShardSet, target: Path) -> int:
    """Write every picture, map and texture as a file of its own; return how many pictures.

    Training and test images lie as in Market-1501, those for validation the same way below ``val``.
    Beside them lie ``iuv``, with a PNG for every picture, ``texture`` and ``frontal``, with a file
    for every identity, and ``pairs.csv``: picture, texture, frontal picture and map.

    Raises:
        OutputError: the target is not empty, or cannot be written; then it is left as it was.
    """
    with new_folder(target) as folder:
        _write_people(source, folder)
        return _write_images(source, folder)


def _write_people(source: ShardSet, target: Path) -> None:
    for column, suffix in (("texture", "png"), ("frontal", "jpg")):
        (target / column).mkdir(parents=True, exist_ok=True)
        for row, person in enumerate(source.column("people", "person")):
            path = target / column / f"{int(person) + 1:04d}.{suffix}"
            _write(path, source.file("people", column, row))


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
            _write(target / name, source.file("images", column, row))
        who = f"{person + 1:04d}"
        pairs.append(f"{image},texture/{who}.png,frontal/{who}.jpg,{iuv}")
    _write(target / "pairs.csv", ("\n".join(pairs) + "\n").encode())
    return len(pairs) - 1


def _write(path: Path, content: bytes) -> None:
    with writing(path):
        path.write_bytes(content)
