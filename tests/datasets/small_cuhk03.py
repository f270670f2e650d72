"""CUHK03 in small: the names, the protocol file and cuhk-03.mat, in the published formats."""

import os
from pathlib import Path

import h5py
import numpy as np
from PIL import Image
from scipy.io import savemat

# The new protocol in small: of six identities in two camera pairs, three to train on.
CUHK03_NUMBERS = {
    (1, 1): (1, 2, 6, 7),
    (1, 2): (1, 2, 6, 7, 8),
    (1, 3): (1, 2, 3, 6, 9),
    (1, 4): (1, 2, 6, 10),
    (2, 1): (1, 4, 6, 7),
    (2, 2): (1, 2, 3, 4, 5, 6, 7, 8, 9, 10),
}
CUHK03_TRAIN_IDS = (1, 4, 6)


def cuhk03_names() -> list[tuple[str, int, int]]:
    """List (stem, person from 1, view) of every image, sorted by stem."""
    return [
        (f"{pair}_{number:03d}_{1 if k <= 5 else 2}_{k:02d}", person, 1 if k <= 5 else 2)
        for person, ((pair, number), images) in enumerate(CUHK03_NUMBERS.items(), start=1)
        for k in images
    ]


def write_protocol_file(path: Path) -> tuple[list[int], list[int], list[int]]:
    """Write a protocol file; return its training, query and gallery rows, which count from 0.

    The fields, shapes and number types are those that scipy reads from the published file.
    """
    images = cuhk03_names()
    train = [row for row, (_, person, _) in enumerate(images) if person in CUHK03_TRAIN_IDS]
    tested = [row for row in range(len(images)) if row not in train]
    last = {(images[row][1], images[row][2]): row for row in tested}  # one for each person and view
    query = sorted(last.values())
    gallery = [row for row in tested if row not in query]
    filelist = np.empty((len(images), 1), dtype=object)
    filelist[:, 0] = [f"{stem}.png" for stem, _, _ in images]
    fields = {
        "camId": np.array([[view] for _, _, view in images], np.uint8),
        "filelist": filelist,
        "labels": np.array([[person] for _, person, _ in images], np.uint16),
        "query_idx": np.array(query, np.uint16)[:, None] + 1,
        "gallery_idx": np.array(gallery, np.uint16)[:, None] + 1,
        "train_idx": np.array(train, np.uint16)[:, None] + 1,
    }
    savemat(path, fields, do_compression=True)
    return train, query, gallery


CUHK03_TESTSETS = [{(1, 1), (2, 2)}, {(1, 3), (1, 4)}, {(1, 2), (2, 2)}]


def cuhk03_pixels(boxes: str, pair: int, person: int, number: int) -> np.ndarray:
    """Return the image, (H, W, 3) uint8, that the small cuhk-03.mat holds at a place."""
    seed = [len(boxes), pair, person, number]
    height = 12 + number
    return np.random.default_rng(seed).integers(0, 256, (height, 5, 3), dtype=np.uint8)


def write_cuhk03_mat(path: Path) -> None:
    """Write a small cuhk-03.mat: HDF5 as MATLAB 7.3 writes it, cells being references.

    MATLAB keeps columns first, so everything is stored transposed; an empty matrix is stored as
    its size, with the attribute MATLAB_empty.
    """
    with h5py.File(path, "w") as file:
        store = file.create_group("#refs#")

        def put(value: np.ndarray, name: str) -> h5py.Reference:
            return store.create_dataset(name, data=value.T).ref

        def cell(values: list[list[h5py.Reference]]) -> np.ndarray:
            return np.array(values, dtype=h5py.ref_dtype)

        def image(boxes: str, pair: int, person: int, number: int) -> h5py.Reference:
            name = f"{boxes}_{pair}_{person}_{number}"
            if number in CUHK03_NUMBERS[pair, person]:
                return put(cuhk03_pixels(boxes, pair, person, number), name)
            empty = store.create_dataset(name, data=np.zeros(2, np.uint64))
            empty.attrs["MATLAB_empty"] = np.uint8(1)
            return empty.ref

        for boxes in ("detected", "labeled"):
            pairs = []
            for pair in (1, 2):
                identities = [person for p, person in CUHK03_NUMBERS if p == pair]
                rows = [[image(boxes, pair, p, k) for k in range(1, 11)] for p in identities]
                pairs.append([put(cell(rows), f"{boxes}_{pair}")])
            file.create_dataset(boxes, data=cell(pairs).T)
        testsets = [
            [put(np.array(sorted(testset), float), f"testset_{number}")]
            for number, testset in enumerate(CUHK03_TESTSETS)
        ]
        file.create_dataset("testsets", data=cell(testsets).T)


def read_pixels(path: str | os.PathLike[str]) -> np.ndarray:
    return np.asarray(Image.open(path))
