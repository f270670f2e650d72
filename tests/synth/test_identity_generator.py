import io

import numpy as np
from PIL import Image

from reid_align.shard_set import ShardSet
from reid_align.synth.identity_generator import draw_body_and_outfit, generate_identity
from reid_align.synth.synth_settings import SynthSettings

SETTINGS = SynthSettings(identities=24, images=2, seed=4)


def image(source: ShardSet, table: str, column: str, row: int) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(source.file(table, column, row))))


def test_an_identity_is_reproducible(synthetic_set: ShardSet) -> None:
    again = generate_identity(SETTINGS, 11)
    assert (image(synthetic_set, "people", "texture", 11) == again.texture).all()
    assert (image(synthetic_set, "images", "iuv", 23) == again.views[1].iuv).all()


def test_another_seed_gives_other_identities() -> None:
    one = generate_identity(SynthSettings(1, 1, seed=1), 0)
    other = generate_identity(SynthSettings(1, 1, seed=2), 0)
    assert np.abs(one.texture.astype(int) - other.texture).mean() > 5


def test_look_alikes_have_mostly_equal_fabrics() -> None:
    settings = SynthSettings(300, 1, seed=0)
    kept = []
    for leader in range(0, 60, 3):
        (_, first), (_, second) = (
            draw_body_and_outfit(settings, leader),
            draw_body_and_outfit(settings, leader + 1),
        )
        kept.append(
            sum(
                np.array_equal(one.colors, other.colors) and one.weave == other.weave
                for one, other in (
                    (first.top.fabric, second.top.fabric),
                    (first.bottom.fabric, second.bottom.fabric),
                )
            )
        )
    assert np.mean(kept) > 1.2


def test_paired_data_show_one_texture_on_several_bodies() -> None:
    made = generate_identity(SynthSettings(1, 3, seed=3, width=256, pit=True), 0)
    assert [view.image.shape for view in made.views] == [(256, 256, 3)] * 3
    assert made.look_alike == -1


def test_paired_data_have_as_many_female_textures_as_the_paper() -> None:
    pit = SynthSettings(929, 1, pit=True)
    female = [draw_body_and_outfit(pit, number)[0].female for number in (0, 450, 451, 928)]
    assert female == [True, True, False, False]


def test_a_look_alike_has_a_body_of_the_same_gender() -> None:
    settings = SynthSettings(60, 1, seed=2)
    for leader in range(0, 60, 3):
        one, other = (
            draw_body_and_outfit(settings, leader)[0],
            draw_body_and_outfit(settings, leader + 1)[0],
        )
        assert one.female == other.female
        assert not np.allclose(one.vertices, other.vertices, atol=1e-3)
