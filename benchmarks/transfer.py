"""How well does a set of pictures prepare a network for people it has never seen?

A fixed yardstick for synthetic data: one small network, one recipe, one test. It is trained on the
training identities of a set, and scored without any adaptation on the 767 training identities of
CUHK03-NP (the test identities stay untouched for results). The first picture of each person in each
camera is a query, the others are the gallery.

    python benchmarks/transfer.py data/synth --cuhk03 data/cuhk03 --label "muted colours"

About 20 minutes on two cores. Needs scipy for CUHK03's lists.
"""

import argparse
import io
import json
import time
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional

from reid_align.metrics import CROSS_CAMERA, Labels, distance_blocks, rank
from reid_align.shard_set import ShardSet

HEIGHT, WIDTH = 128, 64
PEOPLE, PICTURES = 16, 4
Images = NDArray[np.uint8]


class Block(nn.Module):
    """A residual block of two 3×3 convolutions."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(inplace=True),
            nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False),
            nn.BatchNorm2d(outputs),
        )
        self.skip = nn.Sequential(
            nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return the block's output."""
        return functional.relu(self.body(x) + self.skip(x))


class SmallNet(nn.Module):
    """1.9 million parameters; (N, 3, 128, 64) in [0, 1] to a feature (N, 320)."""

    def __init__(self, identities: int) -> None:
        super().__init__()
        self.trunk = nn.Sequential(
            nn.InstanceNorm2d(3),
            nn.Conv2d(3, 40, 5, 2, 2, bias=False),
            nn.BatchNorm2d(40),
            nn.ReLU(inplace=True),
            Block(40, 80, 2),
            Block(80, 160, 2),
            Block(160, 320, 2),
            nn.AdaptiveMaxPool2d(1),
            nn.Flatten(),
        )
        self.neck = nn.BatchNorm1d(320)
        self.classifier = nn.Linear(320, identities, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return the feature before the neck, which distances are trained on."""
        feature: Tensor = self.trunk(x)
        return feature


def batch_hard(features: Tensor, labels: Tensor, margin: float = 0.3) -> Tensor:
    """Return the batch-hard triplet loss (arXiv:1703.07737) on Euclidean distances."""
    distances = torch.cdist(features, features)
    same = labels[:, None] == labels
    hardest = (distances - 1e6 * ~same).amax(1)
    nearest = (distances + 1e6 * same).amin(1)
    return functional.relu(hardest - nearest + margin).mean()


def augment(images: Tensor, generator: torch.Generator) -> Tensor:
    """Flip, shift, change light and colour, and erase a rectangle, each picture for itself."""
    count = len(images)

    def uniform(low: float, high: float, *shape: int) -> Tensor:
        return low + (high - low) * torch.rand(count, *shape, generator=generator)

    theta = torch.zeros(count, 2, 3)
    flip = torch.where(uniform(0, 1) < 0.5, -1.0, 1.0)
    theta[:, 0, 0] = flip * uniform(0.85, 1.05)
    theta[:, 1, 1] = uniform(0.85, 1.05)
    theta[:, :, 2] = uniform(-0.1, 0.1, 2)
    grid = functional.affine_grid(theta, list(images.shape), align_corners=False)
    images = functional.grid_sample(images, grid, padding_mode="reflection", align_corners=False)
    images = images * uniform(0.7, 1.35, 1, 1, 1) * uniform(0.88, 1.12, 3, 1, 1)
    images = images.clamp(0, 1) ** uniform(0.7, 1.4, 1, 1, 1)
    grey = images.mean(1, keepdim=True)
    images = grey + (images - grey) * uniform(0.4, 1.2, 1, 1, 1)
    top, left = uniform(0, HEIGHT), uniform(0, WIDTH)
    rows, columns = torch.arange(HEIGHT)[:, None], torch.arange(WIDTH)
    erased = (rows - top[:, None, None]).abs() < uniform(0, 0.25, 1, 1) * HEIGHT
    erased = erased & ((columns - left[:, None, None]).abs() < uniform(0, 0.25, 1, 1) * WIDTH)
    return images.masked_fill(erased[:, None], 0.45)


def train(images: Images, labels: NDArray[np.int64], steps: int, seed: int) -> SmallNet:
    """Train the network for a fixed number of steps of 16 people with four pictures each."""
    torch.manual_seed(seed)
    rng, generator = np.random.default_rng(seed), torch.Generator().manual_seed(seed)
    rows = [np.flatnonzero(labels == label) for label in range(labels.max() + 1)]
    net = SmallNet(len(rows)).train()
    optimiser = torch.optim.AdamW(net.parameters(), lr=2e-3, weight_decay=5e-4)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 2e-3, steps, pct_start=0.15)
    began = time.monotonic()
    for step in range(steps):
        people = rng.choice(len(rows), min(PEOPLE, len(rows)), replace=False)
        chosen = np.concatenate([rng.choice(rows[p], PICTURES) for p in people])
        batch = augment(to_tensor(images[chosen]), generator)
        target = torch.from_numpy(labels[chosen])
        features = net(batch)
        scores = net.classifier(net.neck(features))
        loss = functional.cross_entropy(scores, target, label_smoothing=0.1)
        loss = loss + batch_hard(features, target)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        schedule.step()
        if step % 100 == 0:
            print(
                f"step {step} loss {loss.item():.3f} {time.monotonic() - began:.0f} s", flush=True
            )
    return net.eval()


def to_tensor(images: Images) -> Tensor:
    """Turn (N, H, W, 3) uint8 into (N, 3, H, W) in [0, 1]."""
    return torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255


@torch.inference_mode()
def features_of(net: SmallNet, images: Images) -> NDArray[np.float32]:
    """Return the features (N, 320) that are compared, after the neck."""
    parts = [net.neck(net(to_tensor(images[k : k + 256]))) for k in range(0, len(images), 256)]
    return torch.cat(parts).numpy()


def score(
    net: SmallNet, images: Images, people: NDArray[np.int64], cameras: NDArray[np.int64]
) -> dict[str, float]:
    """Return rank-1 and mAP in percent, the first picture per person and camera as query."""
    features = features_of(net, images)
    _, first = np.unique(np.stack([people, cameras], 1), axis=0, return_index=True)
    rest = np.setdiff1d(np.arange(len(people)), first)
    result = rank(
        distance_blocks(features[first], features[rest]),
        Labels(people[first], cameras[first]),
        Labels(people[rest], cameras[rest]),
        protocol=CROSS_CAMERA,
    )
    return {
        "rank1": round(100 * float(result.cmc[0]), 2),
        "mAP": round(100 * float(result.mean_average_precision), 2),
    }


def read_set(folder: Path) -> dict[str, tuple[Images, NDArray[np.int64], NDArray[np.int64]]]:
    """Return pictures, people and cameras of a synthetic set, by split."""
    source = ShardSet(folder)
    splits = source.column("images", "split")
    people = source.column("images", "person").astype(np.int64)
    cameras = source.column("images", "camera").astype(np.int64)
    result = {}
    for index, name in enumerate(("train", "val", "test")):
        rows = np.flatnonzero(splits == index)
        files = (io.BytesIO(source.file("images", "jpeg", int(row))) for row in rows)
        images = np.stack([read_image(file) for file in files])
        result[name] = images, people[rows], cameras[rows]
    return result


def read_cuhk03(folder: Path) -> tuple[Images, NDArray[np.int64], NDArray[np.int64]]:
    """Return the training pictures, people and cameras of CUHK03-NP, detected boxes."""
    from scipy.io import loadmat

    lists = loadmat(str(folder / "cuhk03_new_protocol_config_detected.mat"))
    chosen = lists["train_idx"].ravel() - 1
    names = [str(np.ravel(lists["filelist"].ravel()[index])[0]) for index in chosen]
    found = {path.stem: path for path in (folder / "images_detected").iterdir()}
    images = np.stack([read_image(found[Path(name).stem]) for name in names])
    people = lists["labels"].ravel()[chosen].astype(np.int64)
    return images, people, lists["camId"].ravel()[chosen].astype(np.int64)


def read_image(file: Path | io.BytesIO) -> Images:
    """Return one picture as (128, 64, 3)."""
    with Image.open(file) as image:
        return np.asarray(image.convert("RGB").resize((WIDTH, HEIGHT), Image.Resampling.BILINEAR))


def main() -> None:
    """Parse the arguments, train, score, and write one line of JSON."""
    parser = argparse.ArgumentParser("transfer.py", description=__doc__)
    parser.add_argument("set", type=Path, help="a set that reid_align.synthesize wrote")
    parser.add_argument("--cuhk03", type=Path, required=True, help="folder with images_detected/")
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--label", default="", help="what is new about this set")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    splits = read_set(options.set)
    images, people, _ = splits["train"]
    labels = np.unique(people, return_inverse=True)[1].astype(np.int64)
    net = train(images, labels, options.steps, options.seed)
    line = {
        "label": options.label,
        "set": options.set.name,
        "images": len(images),
        "steps": options.steps,
        "parameters": sum(p.numel() for p in net.trunk.parameters()),
        "cuhk03_train": score(net, *read_cuhk03(options.cuhk03)),
        "own_test": score(net, *splits["test"]),
    }
    print(json.dumps(line))


if __name__ == "__main__":
    main()
