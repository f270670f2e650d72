import multiprocessing
import os
import pickle
import signal
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from small_synthetic_set import blocks

from reid_align.batches.augmentation import MODERN_AUGMENT, NO_AUGMENT, AugmentConfig
from reid_align.batches.batch import Batch, BatchSpec
from reid_align.batches.batch_loader import BatchLoader
from reid_align.batches.samplers import PKSampler, RandomSampler, Sampler
from reid_align.batches.sources import ReidSource, SyntheticSource, TextureInput, TrainingSource
from reid_align.datasets import load_dataset
from reid_align.errors import DatasetFormatError, ImageReadError, InvalidInputError
from reid_align.preprocess import Preprocess

# torch warns if there are more workers than cores.
pytestmark = pytest.mark.filterwarnings("ignore:This DataLoader will create:UserWarning")

SIZE = Preprocess(64, 32, smoothing=0.8, stretch=0.02)
EVERYTHING = BatchSpec("texture", "uv", iuv=True)
VARIED = AugmentConfig(jitter=0.5, blur=0.5, partial=0.5)


def loader(
    source: TrainingSource, sampler: Sampler | None = None, **options: object
) -> BatchLoader:
    return BatchLoader(
        source, EVERYTHING, SIZE, VARIED, sampler or PKSampler(4, 2), seed=7, **options
    )


def same(one: Batch, other: Batch) -> bool:
    return vars(one).keys() == vars(other).keys() and all(
        torch.equal(tensor, vars(other)[name]) for name, tensor in vars(one).items()
    )


def all_same(ones: list[Batch], others: list[Batch]) -> bool:
    return len(ones) == len(others) > 0 and all(map(same, ones, others))


def test_batches_have_the_documented_shapes_and_dtypes(source: SyntheticSource) -> None:
    (batch, *_) = loader(source).epoch(0)
    assert len(batch) == 8
    shapes = {name: (tuple(t.shape), t.dtype) for name, t in vars(batch).items()}
    assert shapes == {
        "images": ((8, 3, 64, 32), torch.float32),
        "person_ids": ((8,), torch.int64),
        "camera_ids": ((8,), torch.int64),
        "target": ((8, 3, 256, 256), torch.float32),
        "target_mask": ((256, 256), torch.bool),
        "part_images": ((8, 24, 3, 32, 32), torch.float32),
        "part_present": ((8,), torch.bool),
        "iuv": ((8, 3, 64, 32), torch.uint8),
    }


def test_batches_per_epoch_matches_the_iterator(source: SyntheticSource) -> None:
    for epoch in range(4):
        assert len(list(loader(source).epoch(epoch))) == loader(source).batches_per_epoch(epoch)


@pytest.mark.parametrize("workers", [1, 3])
def test_batches_do_not_depend_on_the_number_of_workers(
    source: SyntheticSource, workers: int
) -> None:
    alone = list(loader(source).epoch(1))
    assert all_same(alone, list(loader(source, num_workers=workers).epoch(1)))


def test_resuming_yields_the_rest_of_the_epoch(source: SyntheticSource) -> None:
    whole = list(loader(source).epoch(2))
    for start in range(1, len(whole)):
        assert all_same(whole[start:], list(loader(source, num_workers=1).epoch(2, start)))
    assert not list(loader(source).epoch(2, len(whole)))


@pytest.mark.parametrize("sampler", [PKSampler(4, 2), RandomSampler(8)])
@pytest.mark.parametrize("world", [2, 4])
def test_processes_share_the_batch_of_a_single_process(
    source: SyntheticSource, sampler: Sampler, world: int
) -> None:
    whole = list(loader(source, sampler).epoch(0))
    ranks = [
        list(loader(source, sampler, rank=rank, world_size=world).epoch(0)) for rank in range(world)
    ]
    for batch, *shares in zip(whole, *ranks, strict=True):
        for name in ("images", "person_ids", "camera_ids", "target", "part_images", "iuv"):
            joined = torch.cat([getattr(share, name) for share in shares])
            assert torch.equal(joined, getattr(batch, name))


def test_sampler_receives_camera_ids(source: SyntheticSource) -> None:
    assert set(source.camera_ids.tolist()) == {0, 1}
    taken = [batch.camera_ids for batch in loader(source, PKSampler(3, 2, num_cameras=1)).epoch(0)]
    assert all(len(cameras.unique()) == 1 for cameras in taken)


def test_images_of_an_identity_stay_in_one_process(source: SyntheticSource) -> None:
    for share in loader(source, PKSampler(4, 3), rank=1, world_size=2).epoch(0):
        runs = share.person_ids.view(2, 3)
        assert (runs == runs[:, :1]).all()


def test_epochs_seeds_and_positions_are_augmented_differently(
    source: SyntheticSource,
) -> None:
    first = next(loader(source).epoch(0))
    assert not same(first, next(loader(source).epoch(1)))
    other = BatchLoader(source, EVERYTHING, SIZE, VARIED, PKSampler(4, 2), seed=8)
    assert not same(first, next(other.epoch(0)))
    # The same image at several positions is augmented differently.
    sampler = PKSampler(1, 16)
    batch = next(BatchLoader(source, BatchSpec(), SIZE, MODERN_AUGMENT, sampler, 0).epoch(0))
    assert len(torch.unique(batch.images.flatten(1), dim=0)) > 12


def test_global_random_state_is_not_used(source: SyntheticSource) -> None:
    torch.manual_seed(1)
    np.random.seed(1)
    before = torch.get_rng_state(), np.random.get_state()[1].copy()
    first = list(loader(source, num_workers=1).epoch(0))
    assert torch.equal(torch.get_rng_state(), before[0])
    assert np.array_equal(np.random.get_state()[1], before[1])
    torch.manual_seed(2)
    np.random.seed(2)
    assert all_same(first, list(loader(source).epoch(0)))


def test_labels_are_classes_in_the_order_of_the_ids(tmp_path: Path) -> None:
    for name in ("40_c1", "7_c2", "40_c2", "300_c1"):
        Image.fromarray(blocks(1, 16, 8)).save(tmp_path / f"{name}.png")
    lines = "path,person_id,camera_id,split\n" + "".join(
        f"{name}.png,{name.split('_')[0]},{name[-1]},train\n"
        for name in ("40_c1", "7_c2", "40_c2", "300_c1")
    )
    (tmp_path / "list.csv").write_text(lines)
    source = ReidSource(load_dataset("csv", tmp_path / "list.csv"))
    made = BatchLoader(source, BatchSpec(), SIZE, NO_AUGMENT, RandomSampler(4), 0)
    assert made.num_identities == 3
    batch = next(made.epoch(0))
    classes = {int(source.person_ids[i]): c for i, c in enumerate(made._classes.tolist())}
    assert classes == {person: n for n, person in enumerate(sorted(set(source.person_ids)))}
    assert sorted(batch.person_ids.tolist()) == sorted(made._classes.tolist())


def unreadable(folder: Path) -> ReidSource:
    for person in range(4):
        for number in range(4):
            Image.fromarray(blocks(number, 16, 8)).save(folder / f"{person}_c{number}.png")
    (folder / "2_c1.png").write_bytes(b"\x89PNG\r\n\x1a\n damaged")
    pattern = r"(?P<person_id>\d)_c(?P<camera_id>\d)"
    (folder / "train").mkdir()
    for path in folder.glob("*.png"):
        path.rename(folder / "train" / path.name)
    return ReidSource(load_dataset("folder", folder, pattern=pattern))


@pytest.mark.parametrize("workers", [0, 2])
def test_unreadable_image_raises_with_its_name(tmp_path: Path, workers: int) -> None:
    damaged = unreadable(tmp_path)
    batches = BatchLoader(
        damaged, BatchSpec(), SIZE, NO_AUGMENT, RandomSampler(2), seed=0, num_workers=workers
    )
    order = np.concatenate(batches._drawn(0)).tolist()
    fails_in = order.index(4 * 2 + 1) // 2
    reading = batches.epoch(0)
    for _ in range(fails_in):
        next(reading)
    with pytest.raises(ImageReadError, match=r"2_c1\.png") as error:
        next(reading)
    assert error.value.path == str(tmp_path / "train" / "2_c1.png")
    assert not multiprocessing.active_children()


def test_shard_truncated_later_is_named(set_folder: Path, tmp_path: Path) -> None:
    import shutil

    shutil.copytree(set_folder, tmp_path / "set")
    source = SyntheticSource(tmp_path / "set")
    shard = tmp_path / "set" / "shard-00001.safetensors"
    shard.write_bytes(shard.read_bytes()[:1000])
    with pytest.raises(DatasetFormatError, match=r"shard-00001\.safetensors: not a complete shard"):
        list(loader(source, num_workers=1).epoch(0))


def test_workers_end_when_the_iterator_closes(source: SyntheticSource) -> None:
    batches = loader(source, num_workers=2).epoch(0)
    next(batches)
    assert len(multiprocessing.active_children()) == 2
    batches.close()
    assert not multiprocessing.active_children()


def test_workers_end_with_an_error_of_the_training_step(source: SyntheticSource) -> None:
    def train() -> None:
        for _ in loader(source, num_workers=2).epoch(0):
            raise ArithmeticError

    with pytest.raises(ArithmeticError):
        train()
    assert not multiprocessing.active_children()


def test_workers_ignore_interrupts(source: SyntheticSource) -> None:
    # More batches than are loaded ahead; after two of them, both workers are up.
    sampler = RandomSampler(2)
    whole = list(loader(source, sampler).epoch(0))
    batches = loader(source, sampler, num_workers=2).epoch(0)
    got = [next(batches), next(batches)]
    for child in multiprocessing.active_children():
        os.kill(child.pid, signal.SIGINT)
    got.extend(batches)
    assert all_same(whole, got)


def test_epochs_leave_no_open_files(source: SyntheticSource) -> None:
    batches = loader(source, num_workers=2)
    list(batches.epoch(0))
    before = len(os.listdir("/dev/fd"))
    for epoch in range(3):
        list(batches.epoch(epoch))
    # Every batch that stayed open would hold several.
    assert len(os.listdir("/dev/fd")) < before + 8


def test_sample_builder_can_be_pickled(source: SyntheticSource) -> None:
    builder = loader(source)._builder
    sent = pickle.loads(pickle.dumps(builder))
    one, other = (made.build(3, epoch=1, position=9) for made in (builder, sent))
    assert torch.equal(one.image, other.image)
    assert torch.equal(one.part_images, other.part_images)


def test_fingerprint_depends_on_batches_and_not_on_workers(
    source: SyntheticSource,
) -> None:
    first = loader(source).fingerprint()
    assert loader(source, num_workers=1, rank=1, world_size=2).fingerprint() == first
    others = [
        loader(source, PKSampler(2, 4)),
        BatchLoader(source, BatchSpec(), SIZE, VARIED, PKSampler(4, 2), 7),
        BatchLoader(source, EVERYTHING, Preprocess(32, 32), VARIED, PKSampler(4, 2), 7),
        BatchLoader(source, EVERYTHING, SIZE, NO_AUGMENT, PKSampler(4, 2), 7),
        BatchLoader(source, EVERYTHING, SIZE, VARIED, PKSampler(4, 2), 8),
        BatchLoader(TextureInput(source), BatchSpec("texture"), SIZE, VARIED, PKSampler(4, 2), 7),
    ]
    assert len({first, *(other.fingerprint() for other in others)}) == 7


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"seed": -1}, "seed=-1, num_workers=0"),
        ({"num_workers": -1}, "num_workers=-1"),
        ({"rank": 2, "world_size": 2}, "rank=2, world_size=2"),
        ({"rank": -1}, "rank=-1"),
        (
            {"world_size": 3},
            r"num_identities=4, num_instances=2, num_cameras=0, num_similar=1\) "
            "for 3 processes",
        ),
        ({"sampler": PKSampler(7, 2)}, "needs 7 identities, but the training images have 6"),
        ({"sampler": RandomSampler(25)}, "batch_size=25 for 24 images"),
    ],
)
def test_invalid_loader_arguments_are_refused(
    source: SyntheticSource, options: dict, message: str
) -> None:
    settings = {"sampler": PKSampler(4, 2), "seed": 0, **options}
    with pytest.raises(InvalidInputError, match=message):
        BatchLoader(source, BatchSpec(), SIZE, NO_AUGMENT, **settings)


@pytest.mark.parametrize("start", [-1, 99])
def test_start_beyond_the_epoch_is_refused(source: SyntheticSource, start: int) -> None:
    with pytest.raises(InvalidInputError, match=f"cannot start at batch {start}; it has"):
        loader(source).epoch(0, start)
