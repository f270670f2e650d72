"""How well does a set of pictures prepare a network for people it has never seen?

A fixed yardstick for synthetic data: one small network, one recipe, one test. It is trained on the
training identities of a set, and scored without any adaptation on the 767 training identities of
CUHK03-NP (the test identities stay untouched for results). The first picture of each person in each
camera is a query, the others are the gallery. Beside it stands what a colour histogram finds.

    python benchmarks/transfer.py data/synth --cuhk03 data/cuhk03 --label "muted colours"

Every run adds a row to the table in benchmarks/results/transfer.json. About 20 minutes on two
cores. Needs scipy for CUHK03's lists.
"""

import argparse
import io
import json
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from provenance import RESULTS, add_row, provenance
from small_net import HEIGHT, WIDTH, Images, features_of, train

from reid_align.metrics import CROSS_CAMERA, Labels, distance_blocks, rank
from reid_align.shard_set import ShardSet

STRIPES, BINS = 8, (16, 8, 8)
Features = NDArray[np.float32]


class Pictures(NamedTuple):
    """Pictures (N, 128, 64, 3), and who is seen by which camera on each, (N,)."""

    images: Images
    people: NDArray[np.int64]
    cameras: NDArray[np.int64]

    def of_first(self, count: int) -> "Pictures":
        """Return the pictures of the first so many people."""
        chosen = np.isin(self.people, np.unique(self.people)[:count])
        return Pictures(*(column[chosen] for column in self))


def score(features: Features, pictures: Pictures) -> dict[str, float]:
    """Return, in percent, what a query finds, and what stands in the way.

    rank1, mAP: among the pictures by other cameras; own_camera: pictures by the query's own camera
    among the ten nearest of all; rank1_own_camera: rank-1 among the pictures by the own camera.
    """
    keys = np.stack([pictures.people, pictures.cameras], 1)
    first = np.unique(keys, axis=0, return_index=True)[1]
    rest = np.setdiff1d(np.arange(len(keys)), first)
    query, gallery = keys[first], keys[rest]
    found = rank(
        distance_blocks(features[first], features[rest]),
        Labels(query[:, 0], query[:, 1]),
        Labels(gallery[:, 0], gallery[:, 1]),
        protocol=CROSS_CAMERA,
    )
    distances = torch.cdist(torch.from_numpy(features[first]), torch.from_numpy(features[rest]))
    near = distances.topk(10, largest=False).indices.numpy()
    own = torch.from_numpy(query[:, None, 1] == gallery[:, 1])
    nearest = distances.masked_fill(~own, torch.inf).argmin(1).numpy()
    shares = {
        "rank1": found.cmc[0],
        "mAP": found.mean_average_precision,
        "own_camera": (gallery[near, 1] == query[:, 1:]).mean(),
        "rank1_own_camera": (gallery[nearest, 0] == query[:, 0]).mean(),
    }
    return {name: round(100 * float(share), 2) for name, share in shares.items()}


def colour_stripes(images: Images) -> Features:
    """Return (N, 256) roots of hue, saturation and value histograms of eight horizontal stripes."""
    found = []
    for image in images:
        pixels = np.asarray(Image.fromarray(image).convert("HSV")).reshape(STRIPES, -1, 3)
        counts = [
            np.bincount(stripe[:, k].astype(np.int64) * bins // 256, minlength=bins)
            for stripe in pixels
            for k, bins in enumerate(BINS)
        ]
        found.append(np.sqrt(np.concatenate(counts) / pixels.shape[1]))
    return np.stack(found).astype(np.float32)


def read_set(folder: Path) -> dict[str, Pictures]:
    """Return the pictures of a synthetic set, by split."""
    source = ShardSet(folder)
    splits = source.column("images", "split")
    people = source.column("images", "person").astype(np.int64)
    cameras = source.column("images", "camera").astype(np.int64)
    result = {}
    for index, name in enumerate(("train", "val", "test")):
        rows = np.flatnonzero(splits == index)
        files = (io.BytesIO(source.file("images", "jpeg", int(row))) for row in rows)
        images = np.stack([read_image(file) for file in files])
        result[name] = Pictures(images, people[rows], cameras[rows])
    return result


def read_cuhk03(folder: Path) -> Pictures:
    """Return the training pictures of CUHK03-NP, detected boxes."""
    from scipy.io import loadmat

    lists = loadmat(str(folder / "cuhk03_new_protocol_config_detected.mat"))
    chosen = lists["train_idx"].ravel() - 1
    names = [str(np.ravel(lists["filelist"].ravel()[index])[0]) for index in chosen]
    found = {path.stem: path for path in (folder / "images_detected").iterdir()}
    images = np.stack([read_image(found[Path(name).stem]) for name in names])
    people = lists["labels"].ravel()[chosen].astype(np.int64)
    return Pictures(images, people, lists["camId"].ravel()[chosen].astype(np.int64))


def read_image(file: Path | io.BytesIO) -> Images:
    """Return one picture as (128, 64, 3)."""
    with Image.open(file) as image:
        return np.asarray(image.convert("RGB").resize((WIDTH, HEIGHT), Image.Resampling.BILINEAR))


def measure(options: argparse.Namespace) -> dict[str, object]:
    """Train, score, and return one row of the table."""
    splits = read_set(options.set)
    cuhk03 = read_cuhk03(options.cuhk03)
    images, people, _ = splits["train"]
    labels = np.unique(people, return_inverse=True)[1].astype(np.int64)
    net = train(images, labels, options.steps, options.seed)
    histogram = {
        name: score(colour_stripes(some.images), some)
        for name, some in (("own", splits["test"].of_first(300)), ("cuhk03", cuhk03.of_first(300)))
    }
    return {
        "label": options.label,
        "images": len(images),
        "identities": int(labels.max()) + 1,
        "steps": options.steps,
        "seed": options.seed,
        "parameters": sum(p.numel() for p in net.trunk.parameters()),
        "cuhk03_train": score(features_of(net, cuhk03.images), cuhk03),
        "own_test": score(features_of(net, splits["test"].images), splits["test"]),
        "colour_histogram": histogram,
        **provenance(),
    }


def main() -> None:
    """Parse the arguments, and add a row to the table, in the place of one of the same label."""
    parser = argparse.ArgumentParser("transfer.py", description=__doc__)
    parser.add_argument("set", type=Path, help="a set that reid_align.synthesize wrote")
    parser.add_argument("--cuhk03", type=Path, required=True, help="folder with images_detected/")
    parser.add_argument("--label", required=True, help="what is new about this set")
    parser.add_argument("--output", type=Path, default=RESULTS / "transfer.json")
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    row = measure(options)
    print(json.dumps(row, indent=2))
    add_row(options.output, "transfer", row)


if __name__ == "__main__":
    main()
