import csv
import io
import multiprocessing
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from reid_align.errors import InvalidInputError, OutputError
from reid_align.shard_set import ShardSet, missing_shards, shard_path
from reid_align.synth.folders import export_folders
from reid_align.synth.produce import draw_person, produce
from reid_align.synth.settings import PEOPLE_PER_SHARD, ROLES, SPLITS, SynthSettings
from reid_align.synth.writer import MASK_FILE, make_shard, write_set
from reid_align.synthesize import main
from reid_align.uv import load_iuv

SETTINGS = SynthSettings(identities=24, images=2, seed=4)


def picture(source: ShardSet, table: str, column: str, row: int) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(source.file(table, column, row))))


def test_every_identity_has_its_pictures(synthetic_set: ShardSet) -> None:
    assert synthetic_set.length("people") == 24
    assert synthetic_set.column("people", "person").tolist() == list(range(24))
    assert synthetic_set.column("images", "person").tolist() == [n // 2 for n in range(48)]
    assert synthetic_set.settings == SETTINGS.record()


def test_pictures_maps_and_textures_have_their_sizes(synthetic_set: ShardSet) -> None:
    assert picture(synthetic_set, "images", "jpeg", 7).shape == (256, 128, 3)
    assert picture(synthetic_set, "images", "iuv", 7).shape == (256, 128, 3)
    assert picture(synthetic_set, "people", "texture", 3).shape == (256, 256, 3)
    assert picture(synthetic_set, "people", "frontal", 3).shape == (256, 128, 3)


def test_maps_show_a_person_in_most_pictures(synthetic_set: ShardSet) -> None:
    shares, numbers = [], set()
    for row in range(48):
        parts = picture(synthetic_set, "images", "iuv", row)[..., 0]
        shares.append((parts > 0).mean())
        numbers |= set(np.unique(parts).tolist())
    assert np.median(shares) > 0.2
    assert numbers == set(range(25))


def test_columns_say_what_their_names_say(synthetic_set: ShardSet) -> None:
    box = synthetic_set.column("images", "box")
    assert (box[:, 2:] > 0).all()
    visible = synthetic_set.column("images", "visible")
    assert ((visible >= 0) & (visible <= 1)).all()
    roles = [ROLES[role] for role in synthetic_set.column("images", "role")]
    splits = [SPLITS[split] for split in synthetic_set.column("images", "split")]
    assert {split for split, role in zip(splits, roles, strict=True) if role == "train"} == {
        "train"
    }
    assert splits.count("val") == 6
    assert splits.count("test") == 6


def test_the_mask_says_which_texels_count(synthetic_folder: Path) -> None:
    mask = np.asarray(Image.open(synthetic_folder / MASK_FILE))
    assert mask.shape == (256, 256)
    assert set(np.unique(mask)) == {0, 255}


def test_the_same_identity_comes_out_the_same(synthetic_set: ShardSet) -> None:
    again = produce(SETTINGS, 11)
    assert (picture(synthetic_set, "people", "texture", 11) == again.texture).all()
    assert (picture(synthetic_set, "images", "iuv", 23) == again.views[1].iuv).all()


def test_another_seed_gives_other_people() -> None:
    one = produce(SynthSettings(1, 1, seed=1), 0)
    other = produce(SynthSettings(1, 1, seed=2), 0)
    assert np.abs(one.texture.astype(int) - other.texture).mean() > 5


def test_look_alikes_differ_in_little() -> None:
    settings = SynthSettings(300, 1, seed=0)
    kept = []
    for leader in range(0, 60, 3):
        (_, first), (_, second) = draw_person(settings, leader), draw_person(settings, leader + 1)
        kept.append(
            sum(
                np.array_equal(one.colours, other.colours) and one.weave == other.weave
                for one, other in (
                    (first.top.fabric, second.top.fabric),
                    (first.bottom.fabric, second.bottom.fabric),
                )
            )
        )
    assert np.mean(kept) > 1.2


def test_a_lost_shard_is_made_again_to_the_byte(synthetic_folder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "set"
    shutil.copytree(synthetic_folder, folder)
    path = shard_path(folder, 1)
    before = path.read_bytes()
    path.unlink()
    told: list[tuple[int, int]] = []
    assert write_set(folder, SETTINGS, 1, lambda done, total: told.append((done, total))) == 1
    assert told == [(2, 2)]
    assert path.read_bytes() == before
    assert write_set(folder, SETTINGS, workers=1) == 0


def test_other_settings_do_not_mix_into_a_set(synthetic_folder: Path) -> None:
    with pytest.raises(OutputError, match="Give the same options"):
        write_set(synthetic_folder, SynthSettings(25, 2, seed=4), workers=1)


def test_a_killed_worker_leaves_what_was_written(tmp_path: Path) -> None:
    settings = SynthSettings(identities=PEOPLE_PER_SHARD + 1, images=1, seed=6)
    told: list[tuple[int, int]] = []

    def kill_the_others(done: int, total: int) -> None:
        told.append((done, total))
        for process in multiprocessing.active_children():
            process.kill()

    with pytest.raises(OutputError, match="run the same command again"):
        write_set(tmp_path / "set", settings, 2, kill_the_others)
    assert told == [(1, 2)]
    assert missing_shards(tmp_path / "set", 2) == [0]
    # What another process wrote is what this one writes.
    (tmp_path / "again").mkdir()
    make_shard(tmp_path / "again", settings, 1)
    written, again = (shard_path(tmp_path / name, 1).read_bytes() for name in ("set", "again"))
    assert written == again


def test_a_set_of_another_generator_is_not_continued(
    synthetic_folder: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "set"
    shutil.copytree(synthetic_folder, folder)
    text = (folder / "set.json").read_text()
    (folder / "set.json").write_text(text.replace('"generator": ', '"generator": 9'))
    with pytest.raises(OutputError, match="made from"):
        write_set(folder, SETTINGS, workers=1)


def test_a_mask_that_cannot_be_written_is_named(synthetic_folder: Path, tmp_path: Path) -> None:
    shutil.copytree(synthetic_folder, tmp_path / "set")
    (tmp_path / "set" / MASK_FILE).unlink()
    (tmp_path / "set" / MASK_FILE).mkdir()
    with pytest.raises(OutputError, match=MASK_FILE):
        write_set(tmp_path / "set", SETTINGS, workers=1)


def test_fewer_than_one_worker_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="at least 1"):
        write_set(tmp_path / "set", SETTINGS, workers=0)


def test_plain_files_are_named_as_in_market(synthetic_set: ShardSet, tmp_path: Path) -> None:
    assert export_folders(synthetic_set, tmp_path / "plain") == 48
    names = {
        folder: sorted(path.name for path in (tmp_path / "plain" / folder).iterdir())
        for folder in ("bounding_box_train", "query", "bounding_box_test", "val/query", "iuv")
    }
    assert len(names["bounding_box_train"]) == 36
    assert len(names["query"]) == 3
    assert len(names["iuv"]) == 48
    assert names["val/query"][0].startswith("0022_c")
    iuv = load_iuv(tmp_path / "plain" / "iuv" / names["iuv"][0])
    stored = picture(synthetic_set, "images", "iuv", 0)
    assert torch.equal(iuv.planes, torch.from_numpy(stored.copy()).permute(2, 0, 1))
    with open(tmp_path / "plain" / "pairs.csv", newline="") as file:
        pairs = list(csv.DictReader(file))
    assert len(pairs) == 48
    assert all((tmp_path / "plain" / path).is_file() for pair in pairs for path in pair.values())


def test_plain_files_do_not_go_where_others_are(synthetic_set: ShardSet, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(OutputError, match="not empty"):
        export_folders(synthetic_set, tmp_path)
    with pytest.raises(OutputError, match="Cannot write"):
        export_folders(synthetic_set, tmp_path / "notes.txt" / "plain")


def test_paired_data_shows_one_texture_on_several_bodies() -> None:
    made = produce(SynthSettings(1, 3, seed=3, width=256, pit=True), 0)
    assert [view.image.shape for view in made.views] == [(256, 256, 3)] * 3
    assert made.look_alike == -1


def test_paired_data_has_as_many_women_as_the_paper() -> None:
    pit = SynthSettings(929, 1, pit=True)
    women = [draw_person(pit, number)[0].female for number in (0, 450, 451, 928)]
    assert women == [True, True, False, False]


def test_a_look_alike_has_a_body_of_the_same_gender() -> None:
    settings = SynthSettings(60, 1, seed=2)
    for leader in range(0, 60, 3):
        one, other = draw_person(settings, leader)[0], draw_person(settings, leader + 1)[0]
        assert one.female == other.female
        assert not np.allclose(one.vertices, other.vertices, atol=1e-3)


def test_the_command_writes_a_set_and_plain_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["-o", str(tmp_path / "set"), "--identities", "2", "--images", "1", "--seed", "8"]
    assert main([*command, "--format", "folders", "--workers", "1"]) == 0
    assert len(list((tmp_path / "set" / "bounding_box_train").iterdir())) == 2
    assert ShardSet(tmp_path / "set.shards").length("images") == 2
    assert "2 images" in capsys.readouterr().err


def test_the_command_reports_errors_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["-o", str(tmp_path / "set"), "--images", "0"]) == 2
    assert "at least 1" in capsys.readouterr().err
    assert main(["-o", str(tmp_path / "set"), "--identities", "0"]) == 2
