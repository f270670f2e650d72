import itertools
from pathlib import Path

import torch

from reid_align.datasets import load_dataset
from reid_align.datasets import synthetic as reader
from reid_align.datasets.augment import AugmentConfig
from reid_align.datasets.batch import Wanted
from reid_align.datasets.batches import BatchStream
from reid_align.datasets.sampling import PkBatching
from reid_align.datasets.sources import PairsSource, SyntheticSource
from reid_align.datasets.sources.masks import MASK_FILE as MASK_READ
from reid_align.preprocess import Preprocess
from reid_align.shard_set import ShardSet
from reid_align.synth.sets.folders import export_folders
from reid_align.synth.sets.settings import ROLES, SPLITS
from reid_align.synth.sets.writer import MASK_FILE


def test_reader_and_writer_mean_the_same_by_their_numbers() -> None:
    assert reader.SPLITS == SPLITS
    assert reader.ROLES == ROLES
    assert MASK_READ == MASK_FILE


def test_a_set_that_was_made_can_be_trained_on(synthetic_folder: Path) -> None:
    source = SyntheticSource(synthetic_folder)
    assert len(source) == 36
    stream = BatchStream(
        source,
        Wanted("texture", "uv", iuv=True),
        Preprocess(),
        AugmentConfig(),
        PkBatching(4, 2),
        seed=0,
    )
    for batch in itertools.islice(stream.epoch(0), 2):
        assert batch.images.isfinite().all()
        assert batch.target.abs().max() <= 1
        assert batch.part_present.all()
        # The atlas is symmetric, and so is what counts of it: mirrored targets stay in the mask.
        assert torch.equal(batch.target_mask, batch.target_mask.flip(-1))


def test_a_set_that_was_made_can_be_evaluated_on(synthetic_folder: Path) -> None:
    for split in ("test", "val"):
        (found,) = load_dataset("synthetic", synthetic_folder, split=split).splits
        assert len(found.query) == len(found.gallery) == 3


def test_plain_files_hold_the_same_pairs_as_the_set(
    synthetic_set: ShardSet, synthetic_folder: Path, tmp_path: Path
) -> None:
    export_folders(synthetic_set, tmp_path / "plain")
    pairs, source = PairsSource(tmp_path / "plain" / "pairs.csv"), SyntheticSource(synthetic_folder)
    assert len(pairs) == 48
    for index in (0, 1, 23):
        assert (pairs.image(index) == source.image(index)).all()
        assert (pairs.texture(index) == source.texture(index)).all()
        assert (pairs.frontal(index) == source.frontal(index)).all()
        assert torch.equal(pairs.iuv(index).planes, source.iuv(index).planes)
