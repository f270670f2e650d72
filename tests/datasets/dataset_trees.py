"""Small trees of every dataset with the published structure."""

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from small_cuhk03 import CUHK03_TESTSETS, cuhk03_names, write_protocol_file
from small_synthetic_set import make_set


@dataclass(frozen=True)
class Tree:
    """A tree on disk: root, options and counts."""

    root: Path
    counts: tuple[tuple[int, int], ...]  # (images, identities) of each published part
    options: dict[str, bool | int | str] = field(default_factory=lambda: {"check_counts": False})


def touch(folder: Path, names: Iterable[str]) -> None:
    """Make empty files, in shuffled order."""
    shuffled = sorted(names)
    random.Random(7).shuffle(shuffled)
    for parent in {(folder / name).parent for name in shuffled}:
        parent.mkdir(parents=True, exist_ok=True)
    for name in shuffled:
        (folder / name).touch()


MARKET_TRAIN = [
    f"{p:04d}_c{c}s1_{f:06d}_0{f}.jpg" for p in (2, 7, 11) for c in (1, 6) for f in (1, 2)
]
MARKET_QUERY = [f"{p:04d}_c{c}s1_000451_00.jpg" for p in (3, 1501) for c in (1, 3)]
MARKET_GALLERY = [f"{p:04d}_c{c}s2_000900_01.jpg" for p in (3, 1501) for c in (1, 2, 3)]
MARKET_DISTRACTORS = ["0000_c1s1_000151_01.jpg", "0000_c4s3_000151_01.jpg"]
# Hand-drawn boxes: several of each query, of a camera without a query, and of training identities.
MARKET_BOXES = [
    *(
        f"{p:04d}_c{c}s1_{f:06d}_00.jpg"
        for p in (3, 1501)
        for c in (1, 3)
        for f in range(1, p % 4 + 2)
    ),
    "0003_c5s1_000001_00.jpg",
    "0002_c1s1_000001_00.jpg",
]
MARKET_JUNK = ["-1_c1s1_000401_03.jpg", "-1_c5s1_000401_03.jpg", "-1_c6s4_002401_00.jpg"]


def market1501(root: Path) -> Tree:
    touch(root / "bounding_box_train", [*MARKET_TRAIN, "Thumbs.db"])
    touch(root / "query", [*MARKET_QUERY, "Thumbs.db", "._0003_c1s1_000451_00.jpg"])
    test = [*MARKET_GALLERY, *MARKET_DISTRACTORS, *MARKET_JUNK, "Thumbs.db"]
    touch(root / "bounding_box_test", test)
    (root / "readme.txt").touch()
    return Tree(root, ((12, 3), (4, 2), (8, 3)))


def market1501_multiple_query(root: Path) -> Tree:
    tree = market1501(root)
    touch(root / "gt_bbox", [*MARKET_BOXES, "Thumbs.db"])
    return tree


def msmt_name(person: int, number: int, camera: int) -> str:
    return f"{person:04d}/{person:04d}_{number:03d}_{camera:02d}_0303morning_0006_2.jpg"


MSMT_TRAIN = [(msmt_name(p, n, 15 - n), p) for p in (0, 1) for n in (0, 1, 2)]
MSMT_VAL = [(msmt_name(p, 9, 4), p) for p in (0, 1)]
MSMT_QUERY = [(msmt_name(p, n, 1 + n), p) for p in (0, 1, 2) for n in (0, 1)]
MSMT_GALLERY = [(msmt_name(p, n, 1 + n), p) for p in (0, 1, 2) for n in (3, 4, 5)]


def msmt17(root: Path, train: str, test: str) -> Tree:
    root.mkdir(parents=True, exist_ok=True)
    lists = {"train": MSMT_TRAIN, "val": MSMT_VAL, "query": MSMT_QUERY, "gallery": MSMT_GALLERY}
    for name, entries in lists.items():
        folder = train if name in ("train", "val") else test
        touch(root / folder, [path for path, _ in entries])
        # The published lists are in the order of identities, these are reversed.
        lines = [f"{path} {person}\n" for path, person in reversed(entries)]
        (root / f"list_{name}.txt").write_text("".join(lines))
    return Tree(root, ((8, 2), (6, 3), (9, 3)))


def cuhk03(root: Path, boxes: str) -> Tree:
    stems = [stem for stem, _, _ in cuhk03_names()]
    touch(root / f"images_{boxes}", [f"{stem}.png" for stem in stems])
    train, query, gallery = write_protocol_file(root / f"cuhk03_new_protocol_config_{boxes}.mat")
    return Tree(root, ((len(train), 3), (len(query), 3), (len(gallery), 3)))


def cuhk03_classic(root: Path, boxes: str) -> Tree:
    stems = [stem for stem, _, _ in cuhk03_names()]
    touch(root / f"images_{boxes}", [f"{stem}.png" for stem in stems])
    rows = [
        f"{number},{pair},{person}\n"
        for number, testset in enumerate(CUHK03_TESTSETS)
        for pair, person in sorted(testset, reverse=True)
    ]
    (root / "cuhk03_testsets.csv").write_text("testset,pair,person\n" + "".join(rows))
    return Tree(root, ((len(stems), 6),))


def cuhk01(root: Path, identities: int = 9) -> Tree:
    names = [f"{p:04d}{image:03d}.png" for p in range(1, identities + 1) for image in range(1, 5)]
    touch(root / "campus", names)
    return Tree(root, ((4 * identities, identities),))


def partial_reid(root: Path, identities: int = 3) -> Tree:
    # Numbers of the partial images continue those of the whole images.
    for folder, first in (("whole_body_images", 1), ("partial_body_images", 6)):
        names = [f"{p:03d}_{first + k:03d}.jpg" for p in range(1, identities + 1) for k in range(5)]
        touch(root / folder, names)
    touch(root / "occluded_body_images", ["001_011.jpg"])
    return Tree(root, ((5 * identities, identities), (5 * identities, identities)))


def partial_ilids(root: Path, folders: tuple[str, str] = ("Probe", "Gallery")) -> Tree:
    for folder in folders:
        touch(root / folder, [f"{person:03d}.jpg" for person in (1, 2, 30)])
    return Tree(root, ((3, 3), (3, 3)))


def csv_file(root: Path) -> Tree:
    touch(root, ["a/1.jpg", "a/2.jpg", "b/3.jpg", "b/4.jpg", "c/5.jpg"])
    path = root / "images.csv"
    path.write_text(
        "path,person_id,camera_id,split\n"
        "c/5.jpg,carl,yard,train\n"
        "b/4.jpg,bert,yard,gallery\n"
        "b/3.jpg,bert,hall,query\n"
        "a/2.jpg,anna,hall,gallery\n"
        "a/1.jpg,anna,yard,query\n"
    )
    return Tree(path, (), {})


def folder(root: Path) -> Tree:
    touch(root / "train", ["7_c1.jpg", "7_c2.jpg", "9_c1.png"])
    touch(root / "query", ["x/10_c1.jpg", "x/2_c1.jpg"])
    touch(root / "gallery", ["10_c2.JPG", "deep/er/2_c2.jpeg", "notes.txt", ".cache/2_c2.jpg"])
    return Tree(root, (), {"pattern": r"(?P<person_id>\d+)_c(?P<camera_id>\d)\.\w+$"})


def synthetic(root: Path) -> Tree:
    return Tree(make_set(root, size=(16, 8)), (), {})


def mot(root: Path) -> Tree:
    """Make two sequences of six frames, with tracks 1, 2 and 7 in "street", 1 and 2 in "hall"."""
    for name, tracks in (("street", (7, 1, 2)), ("hall", (2, 1))):
        touch(root / name, [f"img1/{frame:06d}.jpg" for frame in range(1, 7)])
        lines = [
            f"{frame},{track},{10 * track + 1},{frame},20,50,1,1,{0.1 * track:.1f}"
            for track in tracks
            for frame in range(1, 7)
        ]
        (root / name / "gt").mkdir()
        (root / name / "gt" / "gt.txt").write_text("\n".join(lines) + "\n")
    return Tree(root, (), {"gap": 2, "stride": 2})


TREES: dict[str, Callable[[Path], Tree]] = {
    "csv": csv_file,
    "cuhk01": cuhk01,
    "cuhk01_100": cuhk01,
    "cuhk03_classic_detected": lambda root: cuhk03_classic(root, "detected"),
    "cuhk03_classic_labeled": lambda root: cuhk03_classic(root, "labeled"),
    "cuhk03_detected": lambda root: cuhk03(root, "detected"),
    "cuhk03_labeled": lambda root: cuhk03(root, "labeled"),
    "folder": folder,
    "market1501": market1501,
    "market1501_multiple_query": market1501_multiple_query,
    "mot": mot,
    "msmt17_v1": lambda root: msmt17(root, "train", "test"),
    "msmt17_v2": lambda root: msmt17(root, "mask_train_v2", "mask_test_v2"),
    "partial_ilids": partial_ilids,
    "partial_reid": partial_reid,
    "partial_reid_all": partial_reid,
    "synthetic": synthetic,
}
