import numpy as np
import torch

from reid_align.synth.body.body_asset import load_asset
from reid_align.synth.body.part_charts import CHARTS, from_uv, texel_table, to_uv
from reid_align.synth.body.surface_fields import (
    body_canvas,
    texture_mask,
    vertex_charts,
    vertex_fields,
)
from reid_align.uv import MIRROR, SYMMETRIC, TexelMap, mirror_texture


def test_every_part_has_one_chart() -> None:
    parts = sorted({part for chart in CHARTS for part in (chart.left, chart.right)})
    assert parts == list(range(1, 25))
    assert all(MIRROR[chart.left] == chart.right for chart in CHARTS)


def test_from_uv_inverts_to_uv() -> None:
    along, across = np.random.default_rng(0).random((2, 9))
    for chart in CHARTS:
        back = from_uv(chart, to_uv(chart, along, across))
        np.testing.assert_allclose(np.stack(back), [along, across], atol=1e-12)


def test_charts_tile_the_texture_without_overlap() -> None:
    count = np.zeros((256, 256), int)
    for part in range(1, 25):
        low, high = sorted_corners(texel_table()[part])
        count[low[1] : high[1] + 1, low[0] : high[0] + 1] += 1
    assert (count == 1).all()


def sorted_corners(entry: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    ends = np.round(entry @ np.array([[0, 1], [0, 1], [1, 1]])).astype(int)
    return ends.min(1), ends.max(1)


def test_mirrored_points_are_in_mirrored_columns() -> None:
    table = texel_table()
    u, v = np.random.default_rng(1).random((2, 20))
    for part in range(1, 25):
        mirrored_v = 1 - v if part in SYMMETRIC else v
        column, row = table[part] @ np.stack([u, v, np.ones(20)])
        other_column, other_row = table[MIRROR[part]] @ np.stack([u, mirrored_v, np.ones(20)])
        np.testing.assert_allclose(other_column, 255 - column, atol=1e-4)
        np.testing.assert_allclose(other_row, row, atol=1e-4)


def test_mirrored_vertices_have_mirrored_charts() -> None:
    asset = load_asset()
    part, uv = vertex_charts(asset)
    mirror = asset.mirror[: len(part)]
    # Vertices on a seam belong to several charts, of which one is stored.
    same = np.array(MIRROR)[part] == part[mirror]
    assert same.mean() > 0.93
    torso = np.isin(part, SYMMETRIC)
    expected = np.where(torso[:, None], uv * [1, -1] + [0, 1], uv)
    inside = same & (np.abs(asset.mean[: len(part), 0]) > 0.01)
    difference = np.abs(uv[mirror] - expected)[inside].max(1)
    # On the cut along the fingers, both charts are valid.
    assert np.median(difference) < 0.01
    assert (difference < 0.02).mean() > 0.93


def test_charts_are_oriented_as_in_densepose() -> None:
    """Compares with sample output of DensePose for frontal images."""
    fields = vertex_fields()
    part, uv = vertex_charts(load_asset())
    # Part id -> coordinate (0 is U, 1 is V) and its sign downwards, and sign of V to the right.
    downwards = {
        2: (0, 1),
        9: (0, -1),
        10: (0, -1),
        13: (0, 1),
        14: (0, 1),
        23: (1, -1),
        24: (1, -1),
    }
    for number, (axis, sign) in downwards.items():
        assert sign * slope(uv[part == number, axis], -fields.position[part == number, 2]) > 0
    rightwards = {1: 1, 2: 1, 9: -1, 10: 1, 13: 1, 14: -1, 7: 1, 8: -1, 11: 1, 12: -1}
    for number, sign in rightwards.items():
        assert sign * slope(uv[part == number, 1], -fields.position[part == number, 0]) > 0
    for number in (23, 24):  # U grows toward the face
        assert slope(uv[part == number, 0], -fields.position[part == number, 1]) > 0
    for number in (15, 16, 17, 18, 21, 22):  # U grows toward the hand, on 19 and 20 away from it
        assert slope(uv[part == number, 0], fields.arm[part == number]) > 0
    for number in (19, 20):
        assert slope(uv[part == number, 0], fields.arm[part == number]) < 0


def test_directions_of_natural_coordinates() -> None:
    fields = vertex_fields()
    x, y, z = fields.position.T
    for chart in CHARTS:
        for part in {chart.left, chart.right}:
            on = fields.part == part
            outwards = np.abs(x) if "arm" in chart.region or chart.region == "hand" else -z
            outwards = -y if chart.region == "foot" else outwards
            assert slope(fields.along[on], outwards[on]) > 0
            if "leg" in chart.region:
                assert slope(fields.across[on], np.abs(x)[on]) > 0
            elif chart.region == "head":
                assert slope(fields.across[on], y[on]) > 0
            elif chart.region == "torso":
                assert slope(fields.across[on], -x[on]) > 0


def slope(values: np.ndarray, positions: np.ndarray) -> float:
    return float(np.polyfit(positions, values, 1)[0])


def test_inner_and_outer_arms_have_the_part_ids_of_densepose() -> None:
    fields = vertex_fields()
    x, y = np.abs(fields.position[:, 0]), fields.position[:, 1]
    center = {number: (x[fields.part == number].mean(), y[fields.part == number].mean())
              for number in range(15, 23)}  # fmt: skip
    for inner, outer in ((15, 17), (16, 18), (19, 21), (20, 22)):
        assert center[inner][0] < center[outer][0]
    assert (fields.position[np.isin(fields.part, (15, 17, 19, 21)), 0] > 0).all()
    assert (fields.position[np.isin(fields.part, (16, 18, 20, 22)), 0] < 0).all()


def test_most_texels_are_valid_and_symmetric() -> None:
    valid = body_canvas().valid
    assert (valid == valid[:, ::-1]).all()
    assert valid.mean() > 0.75


def test_the_mask_has_the_valid_texels_and_their_neighbors_on_the_same_chart() -> None:
    valid, mask = body_canvas().valid, texture_mask()
    assert (mask == mask[:, ::-1]).all()
    for part in range(1, 25):
        low, high = sorted_corners(texel_table()[part])
        window = np.s_[low[1] : high[1] + 1, low[0] : high[0] + 1]
        own = np.pad(valid[window], 1)
        rows, columns = valid[window].shape
        shifted = [own[y : y + rows, x : x + columns] for y in range(3) for x in range(3)]
        assert (mask[window] == np.any(shifted, 0)).all()


def test_mirroring_a_texture_by_the_map_reverses_its_columns() -> None:
    valid = torch.from_numpy(body_canvas().valid.copy())
    texture = np.random.default_rng(2).integers(0, 256, (256, 256, 3), np.uint8)
    texture[~valid.numpy()] = 0
    by_map = mirror_texture(torch.from_numpy(texture).permute(2, 0, 1), TexelMap.symmetric(valid))
    assert (by_map.permute(1, 2, 0).numpy() == texture[:, ::-1]).all()


def test_texels_without_a_body_repeat_the_nearest_one_of_their_chart() -> None:
    canvas = body_canvas()
    assert (canvas.nearest[canvas.valid] == np.arange(canvas.valid.sum())).all()
    places = np.argwhere(canvas.valid)
    rng = np.random.default_rng(6)
    for part in range(1, 25):
        low, high = sorted_corners(texel_table()[part])
        inside = ((places >= low[::-1]) & (places <= high[::-1])).all(1)
        window = canvas.nearest[low[1] : high[1] + 1, low[0] : high[0] + 1]
        assert inside[window].all()
        for place in rng.integers(low, high + 1, (5, 2)):
            distances = np.hypot(*(places[inside] - place[::-1]).T)
            found = places[canvas.nearest[place[1], place[0]]] - place[::-1]
            assert np.hypot(*found) <= distances.min() * 1.05 + 0.01
