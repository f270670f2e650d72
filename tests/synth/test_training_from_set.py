import itertools
from pathlib import Path

import torch

from reid_align.batches.augmentation import AugmentConfig
from reid_align.batches.batch import BatchSpec
from reid_align.batches.batch_loader import BatchLoader
from reid_align.batches.samplers import PKSampler
from reid_align.batches.sources import PairsSource, SyntheticSource
from reid_align.datasets import load_dataset
from reid_align.preprocess import Preprocess
from reid_align.shard_set import ShardSet
from reid_align.synth.folder_export import export_folders
from reid_align.synth.synth_settings import SynthSettings

SETTINGS = SynthSettings(identities=24, images=2, seed=4)


def test_training_on_a_generated_set(synthetic_folder: Path) -> None:
    source = SyntheticSource(synthetic_folder)
    assert len(source) == 36
    stream = BatchLoader(
        source,
        BatchSpec("texture", "uv", iuv=True),
        Preprocess(),
        AugmentConfig(),
        PKSampler(4, 2),
        seed=0,
    )
    for batch in itertools.islice(stream.epoch(0), 2):
        assert batch.images.isfinite().all()
        assert batch.target.abs().max() <= 1
        assert batch.part_present.all()
        # The mask is symmetric, so mirrored targets stay inside.
        assert torch.equal(batch.target_mask, batch.target_mask.flip(-1))


def test_evaluation_on_a_generated_set(synthetic_folder: Path) -> None:
    for split in ("test", "val"):
        (found,) = load_dataset("synthetic", synthetic_folder, split=split).splits
        assert len(found.query) == len(found.gallery) == 3


def test_plain_files_have_the_same_pairs_as_the_set(
    synthetic_set: ShardSet, synthetic_folder: Path, tmp_path: Path
) -> None:
    export_folders(synthetic_set, SETTINGS, tmp_path / "plain")
    pairs, source = PairsSource(tmp_path / "plain" / "pairs.csv"), SyntheticSource(synthetic_folder)
    assert len(pairs) == 48
    assert pairs.texture_mask is not None
    assert source.texture_mask is not None
    assert (pairs.texture_mask == source.texture_mask).all()
    for index in (0, 1, 23):
        assert (pairs.image(index) == source.image(index)).all()
        assert (pairs.texture(index) == source.texture(index)).all()
        assert (pairs.frontal(index) == source.frontal(index)).all()
        assert torch.equal(pairs.iuv(index).planes, source.iuv(index).planes)


def test_plain_files_are_read_with_their_csv(synthetic_set: ShardSet, tmp_path: Path) -> None:
    export_folders(synthetic_set, SETTINGS, tmp_path / "plain")
    found = load_dataset("csv", tmp_path / "plain" / "people.csv")
    (test,) = found.splits
    assert (len(found.train), len(test.query), len(test.gallery)) == (36, 3, 3)
    assert len({record.person_id for record in found.train}) == 18
    assert len({record.camera_id for record in found.train}) > 9
    (val,) = load_dataset("csv", tmp_path / "plain" / "val" / "people.csv").splits
    assert (len(val.query), len(val.gallery)) == (3, 3)
