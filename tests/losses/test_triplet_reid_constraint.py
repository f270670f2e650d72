"""Triplet-ReID constraint against hand computations and naive loops."""

import math
from collections import Counter
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from reid_align.errors import InvalidInputError, UnknownNameError
from reid_align.losses import OFFICIAL_CONSTRAINT, PAPER_CONSTRAINT, TripletReidConstraint
from reid_align.losses.triplet_sampling import Triplets, offset_triplets, random_triplets

CHANNELS = (8, 4, 3, 2)
IDS = torch.arange(4).repeat_interleave(4)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def decoder_maps(count: int = 16) -> list[Tensor]:
    return [
        torch.randn(count, c, 2 ** (k + 1), 2**k, generator=seeded(k), dtype=torch.float64)
        for k, c in enumerate(CHANNELS)
    ]


def naive_distance(a: Tensor, b: Tensor, over_channels: str) -> float:
    channels, height, width = a.shape
    total = 0.0
    for c in range(channels):
        for i in range(height):
            for j in range(width):
                total += (a[c, i, j] - b[c, i, j]).item() ** 2
    return total / (height * width * (channels if over_channels == "mean" else 1))


def naive_hinge(maps: Tensor, a: int, p: int, n: int, over_channels: str, margin: float) -> float:
    positive = naive_distance(maps[a], maps[p], over_channels)
    return max(positive - naive_distance(maps[a], maps[n], over_channels) + margin, 0.0)


def rows(triplets: Triplets) -> list[tuple[int, int, int]]:
    listed = zip(*(column.tolist() for column in triplets[:3]), strict=True)
    return [row for row, counted in zip(listed, triplets.counted, strict=True) if counted]


def test_two_identities_by_hand() -> None:
    """Two images per identity make the positives unique; equal negatives do the rest."""
    maps = torch.zeros(4, 2, 1, 2)
    maps[1] = torch.tensor([[[1.0, 0.0]], [[0.0, 2.0]]])
    maps[2:] = 1.0
    constraint = TripletReidConstraint(blocks=(1,))
    loss = constraint([maps], torch.tensor([5, 5, 6, 6]), seeded())
    # D(0, 1) = (1 + 4) / 2; D(0, 2) = 4 / 2; D(1, 2) = (0 + 1 + 1 + 1) / 2; D(2, 3) = 0.
    first, second = 2.5 - 2 + 0.3, 2.5 - 1.5 + 0.3
    # The other two have distance 2 to image 0 and 1.5 to image 1, both beyond the margin.
    assert loss.item() == pytest.approx((first + second + 0 + 0) / 4)


@pytest.mark.parametrize("over_channels", ["sum", "mean"])
@pytest.mark.parametrize("over_anchors", ["sum", "mean"])
def test_random_form_equals_a_naive_loop(over_channels: str, over_anchors: str) -> None:
    constraint = replace(
        PAPER_CONSTRAINT, channel_reduction=over_channels, anchor_reduction=over_anchors
    )
    loss = constraint(decoder_maps(), IDS, seeded(7))
    expected, generator = 0.0, seeded(7)
    for maps in decoder_maps()[:3]:
        triplets = rows(random_triplets(IDS, generator))
        total = sum(naive_hinge(maps, *row, over_channels, 0.3) for row in triplets)
        expected += total / (16 if over_anchors == "mean" else 1)
    assert loss.ndim == 0
    assert loss.item() == pytest.approx(expected, rel=1e-12)


def test_official_form_equals_the_loop_of_the_official_code() -> None:
    """Blocks compare (i, i+1, i+4), (i+1, i+2, i+5), (i+2, i+3, i+6) and (i+3, i, i+4)."""
    d1, d2, d3, d4 = decoder_maps()
    expected = 0.0
    for i in range(0, 12, 4):
        expected += naive_hinge(d1, i, i + 1, i + 4, "mean", 0.3)
        expected += naive_hinge(d2, i + 1, i + 2, i + 5, "mean", 0.3)
        expected += naive_hinge(d3, i + 2, i + 3, i + 6, "mean", 0.3)
        expected += naive_hinge(d4, i + 3, i, i + 4, "mean", 0.3)
    assert OFFICIAL_CONSTRAINT([d1, d2, d3, d4], IDS, seeded()).item() == pytest.approx(expected)


def test_official_form_starts_at_18_on_a_batch_of_64() -> None:
    maps = [torch.zeros(64, 2, 2, 2)] * 4
    ids = torch.arange(16).repeat_interleave(4)
    assert OFFICIAL_CONSTRAINT(maps, ids, seeded()).item() == pytest.approx(4 * 15 * 0.3)


@pytest.mark.parametrize(
    ("block", "first"), [(1, (0, 1, 4)), (2, (1, 2, 5)), (3, (2, 3, 6)), (4, (3, 0, 4))]
)
def test_offset_triplets_of_a_batch_of_64(block: int, first: tuple[int, int, int]) -> None:
    ids = torch.arange(16).repeat_interleave(4)
    expected = [tuple(place + start for place in first) for start in range(0, 60, 4)]
    assert rows(offset_triplets(ids, block)) == expected


def test_random_triplets_have_the_right_identities() -> None:
    for seed in range(20):
        triplets = rows(random_triplets(IDS, seeded(seed)))
        assert [anchor for anchor, _, _ in triplets] == list(range(16))
        assert all(a != p and IDS[a] == IDS[p] and IDS[a] != IDS[n] for a, p, n in triplets)


def test_random_triplets_are_drawn_uniformly() -> None:
    generator = seeded()
    drawn = [rows(random_triplets(IDS, generator))[5] for _ in range(3000)]
    positives = Counter(positive for _, positive, _ in drawn)
    negatives = Counter(negative for _, _, negative in drawn)
    assert sorted(positives) == [4, 6, 7]
    assert sorted(negatives) == [0, 1, 2, 3, *range(8, 16)]
    # Five standard deviations around 1000 and 250.
    assert all(abs(count - 1000) < 130 for count in positives.values())
    assert all(abs(count - 250) < 76 for count in negatives.values())


def test_the_seed_is_reproducible_and_each_block_draws_new_triplets() -> None:
    loss = PAPER_CONSTRAINT(decoder_maps(), IDS, seeded(1))
    torch.testing.assert_close(PAPER_CONSTRAINT(decoder_maps(), IDS, seeded(1)), loss)
    assert PAPER_CONSTRAINT(decoder_maps(), IDS, seeded(2)).item() != loss.item()
    generator = seeded(1)
    assert rows(random_triplets(IDS, generator)) != rows(random_triplets(IDS, generator))


@pytest.mark.parametrize("block", [1, 2, 3, 4])
def test_mean_times_channels_is_sum(block: int) -> None:
    channels = CHANNELS[block - 1]
    mean = TripletReidConstraint((block,), "mean", margin=0.3)
    summed = TripletReidConstraint((block,), "sum", margin=0.3 * channels)
    maps = decoder_maps()
    torch.testing.assert_close(
        channels * mean(maps, IDS, seeded()), summed(maps, IDS, seeded()), rtol=1e-12, atol=0
    )


@pytest.mark.parametrize("constraint", [PAPER_CONSTRAINT, OFFICIAL_CONSTRAINT])
def test_gradient_is_that_of_finite_differences(constraint: TripletReidConstraint) -> None:
    maps = [d[..., :2, :1].clone().requires_grad_() for d in decoder_maps(8)]
    wide = replace(constraint, margin=9.0)
    assert torch.autograd.gradcheck(lambda *blocks: wide(blocks, IDS[:8], seeded()), maps)


def test_anchors_without_a_positive_are_skipped() -> None:
    ids = torch.tensor([0, 0, 1, 2])
    assert [anchor for anchor, _, _ in rows(random_triplets(ids, seeded()))] == [0, 1]
    maps = torch.arange(4.0).view(4, 1, 1, 1)
    constraint = TripletReidConstraint(blocks=(1,), margin=20.0)
    losses = {round(constraint([maps], ids, seeded(s)).item(), 4) for s in range(30)}
    # D(0, 1) = 1; the negatives 2 and 3 have distance 4 or 9 to image 0, 1 or 4 to image 1.
    assert losses == {(21 - far + 21 - near) / 2 for far in (4, 9) for near in (1, 4)}


@pytest.mark.parametrize("reduction", ["sum", "mean"])
@pytest.mark.parametrize("ids", [[0, 0, 0, 0], [0, 1, 2, 3], [0]])
def test_a_batch_without_triplets_gives_zero(ids: list[int], reduction: str) -> None:
    maps = [d.requires_grad_() for d in decoder_maps(len(ids))]
    constraint = replace(PAPER_CONSTRAINT, anchor_reduction=reduction)
    loss = constraint(maps, torch.tensor(ids), seeded())
    loss.backward()  # type: ignore[no-untyped-call]
    assert (loss.ndim, loss.item()) == (0, 0.0)
    assert maps[0].grad is not None
    assert not maps[0].grad.any()


def test_one_identity_has_no_offset_triplets() -> None:
    loss = OFFICIAL_CONSTRAINT(decoder_maps(4), torch.zeros(4, dtype=torch.long), seeded())
    assert (loss.ndim, loss.item()) == (0, 0.0)


def test_half_precision_is_computed_in_float32() -> None:
    maps = [(100 * d).half() for d in decoder_maps()]
    loss = PAPER_CONSTRAINT(maps, IDS, seeded())
    expected = PAPER_CONSTRAINT([d.double() for d in maps], IDS, seeded())
    assert loss.dtype == torch.float32
    assert loss.item() == pytest.approx(expected.item(), rel=1e-5)


@pytest.mark.parametrize(
    "ids",
    [
        [0, 0, 0, 1, 1, 1],
        [0, 1, 0, 1, 0, 1, 0, 1],
        [0, 0, 0, 0, 1, 1, 1, 0],
        [0, 0, 0, 0, 0, 0, 0, 0],
    ],
)
def test_offset_refuses_a_batch_in_another_order(ids: list[int]) -> None:
    with pytest.raises(InvalidInputError, match="4 consecutive images per identity"):
        OFFICIAL_CONSTRAINT(decoder_maps(len(ids)), torch.tensor(ids), seeded())


@pytest.mark.parametrize("blocks", [(), (1, 1), (0, 1), (-1,)])
def test_refuses_blocks(blocks: tuple[int, ...]) -> None:
    with pytest.raises(InvalidInputError, match="list each block once"):
        TripletReidConstraint(blocks)


def test_refuses_a_fifth_block_with_offsets() -> None:
    with pytest.raises(InvalidInputError, match="supports blocks 1 to 4"):
        replace(OFFICIAL_CONSTRAINT, blocks=(1, 5))


@pytest.mark.parametrize("margin", [-0.1, math.nan, math.inf])
def test_refuses_a_margin(margin: float) -> None:
    with pytest.raises(InvalidInputError, match="margin"):
        TripletReidConstraint(margin=margin)


@pytest.mark.parametrize("field", ["channel_reduction", "anchor_reduction", "sampling"])
def test_refuses_an_unknown_choice(field: str) -> None:
    with pytest.raises(UnknownNameError, match="'median'"):
        replace(PAPER_CONSTRAINT, **{field: "median"})


def test_refuses_fewer_maps_than_blocks() -> None:
    with pytest.raises(InvalidInputError, match="2 maps for blocks"):
        PAPER_CONSTRAINT(decoder_maps()[:2], IDS, seeded())


@pytest.mark.parametrize(
    ("maps", "ids", "message"),
    [
        (torch.ones(4, 3), IDS[:4], r"expected floating point \(N, C, h, w\)"),
        (torch.ones(4, 3, 1, 1).long(), IDS[:4], "expected floating point"),
        (torch.ones(4, 3, 1, 1), IDS, "one integer per feature"),
        (torch.ones(4, 3, 1, 1), IDS[:4].float(), "one integer per feature"),
        (torch.ones(0, 3, 1, 1), IDS[:0], "batch is empty"),
    ],
)
def test_refuses_a_batch(maps: Tensor, ids: Tensor, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        TripletReidConstraint(blocks=(1,))([maps], ids, seeded())
