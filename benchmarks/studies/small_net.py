"""The small network of the transfer study and its training."""

import time

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from reid_align.losses import BatchHardTriplet

HEIGHT, WIDTH = 128, 64
PEOPLE, IMAGES = 16, 4
Images = NDArray[np.uint8]


class ResidualBlock(nn.Module):
    """Residual block of two 3×3 convolutions."""

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
    """Network with 1.9 million parameters: (N, 3, 128, 64) in [0, 1] to features (N, 320)."""

    def __init__(self, identities: int) -> None:
        super().__init__()
        self.trunk = nn.Sequential(
            nn.InstanceNorm2d(3),
            nn.Conv2d(3, 40, 5, 2, 2, bias=False),
            nn.BatchNorm2d(40),
            nn.ReLU(inplace=True),
            ResidualBlock(40, 80, 2),
            ResidualBlock(80, 160, 2),
            ResidualBlock(160, 320, 2),
            nn.AdaptiveMaxPool2d(1),
            nn.Flatten(),
        )
        self.neck = nn.BatchNorm1d(320)
        self.classifier = nn.Linear(320, identities, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return the feature before the batch-norm neck."""
        feature: Tensor = self.trunk(x)
        return feature


def augment(images: Tensor, generator: torch.Generator) -> Tensor:
    """Flip, shift, change color and erase a rectangle, independently per image."""
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
    gray = images.mean(1, keepdim=True)
    images = gray + (images - gray) * uniform(0.4, 1.2, 1, 1, 1)
    top, left = uniform(0, HEIGHT), uniform(0, WIDTH)
    rows, columns = torch.arange(HEIGHT)[:, None], torch.arange(WIDTH)
    erased = (rows - top[:, None, None]).abs() < uniform(0, 0.25, 1, 1) * HEIGHT
    erased = erased & ((columns - left[:, None, None]).abs() < uniform(0, 0.25, 1, 1) * WIDTH)
    return images.masked_fill(erased[:, None], 0.45)


def train(images: Images, labels: NDArray[np.int64], steps: int, seed: int) -> SmallNet:
    """Train the network on batches of 16 identities with 4 images each."""
    torch.manual_seed(seed)
    rng, generator = np.random.default_rng(seed), torch.Generator().manual_seed(seed)
    rows = [np.flatnonzero(labels == label) for label in range(labels.max() + 1)]
    net = SmallNet(len(rows)).train()
    optimizer = torch.optim.AdamW(net.parameters(), lr=2e-3, weight_decay=5e-4)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, steps, pct_start=0.15)
    triplet, began = BatchHardTriplet(), time.monotonic()
    for step in range(steps):
        people = rng.choice(len(rows), min(PEOPLE, len(rows)), replace=False)
        chosen = np.concatenate([rng.choice(rows[p], IMAGES) for p in people])
        batch = augment(to_tensor(images[chosen]), generator)
        target = torch.from_numpy(labels[chosen])
        features = net(batch)
        scores = net.classifier(net.neck(features))
        loss = functional.cross_entropy(scores, target, label_smoothing=0.1)
        loss = loss + triplet(features, target)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        schedule.step()
        if step % 100 == 0:
            print(
                f"step {step} loss {loss.item():.3f} {time.monotonic() - began:.0f} s", flush=True
            )
    return net.eval()


def to_tensor(images: Images) -> Tensor:
    """Convert (N, H, W, 3) uint8 to (N, 3, H, W) in [0, 1]."""
    return torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255


@torch.inference_mode()
def features_of(net: SmallNet, images: Images) -> NDArray[np.float32]:
    """Return the features (N, 320) after the neck."""
    parts = [net.neck(net(to_tensor(images[k : k + 256]))) for k in range(0, len(images), 256)]
    return torch.cat(parts).numpy()
