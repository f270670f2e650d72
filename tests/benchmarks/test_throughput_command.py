"""The benchmark of speed runs the same features in all ways, and its tables say what it found."""

from pathlib import Path

import numpy as np
import torch
from lively_encoders import lively

from benchmarks.docs_tables import speed_tables
from benchmarks.speed import forward_variants, matrix_product_rates, throughput_measures, timing
from reid_align.features import ExtractOptions
from reid_align.images import find_images
from reid_align.inference.parallelism import Parallelism

ROOT = Path(__file__).parents[2]
RECORD = {
    "command": "python throughput.py",
    "commit": "0123456789",
    "machine": "a machine",
    "cores": 2,
    "torch": "2.6",
    "giga_operations_per_image": 8.0,
    "giga_operations_per_second": {"float32": {"torch": 200.0, "oneDNN": 400.0}},
    "forward": [
        {"name": "eager float32", "by_batch": {"1": 20.0, "8": 25.0}, "best": 25.0},
        {"name": "torch float32", "by_batch": {"1": 30.0, "8": 40.0}, "best": 40.0},
    ],
    "from_files": [
        {"name": "torchreid, the whole list", "best": 10.0, "max_relative_error": 0.0},
        {
            "name": "torch float32",
            "best": 39.0,
            "network_alone": 40.0,
            "max_relative_error": 4e-7,
        },
    ],
    "encoders": {"time_ratio float32": 1.15, "time_ratio bfloat16": 1.1},
    "growth": {"seconds_by_images": {"8": 1.0}, "images_per_second_by_threads": {"1": 20.0}},
    "memory": [{"images": 1000, "peak_mib": 500}, {"images": 10000, "peak_mib": 505}],
    "start": {"first_feature_s": 4.0, "torch_and_weights_s": 3.0, "ratio": 1.33},
}


def test_throughput_table_has_ratios_and_shares() -> None:
    text = speed_tables.throughput(RECORD)
    assert "| torch float32 | 40.0 | 1.60 × | 80% | 39.0 | 4e-07 |" in text
    assert "(same rounds): torch float32 0.97." in text
    assert "| torchreid, the whole list | 10.0 | 3.90 × |" in text
    assert "Time of DSA-reID relative to SAN: 1.15 in float32" in text
    assert "500 MiB for 1,000 images, 505 MiB for 10,000 images" in text
    assert "4.0 s" in text


def test_throughput_table_leaves_out_skipped_parts() -> None:
    assert "images/throughput.png" in speed_tables.throughput(RECORD)
    skipped = ("giga_operations_per_second", "from_files", "encoders", "growth", "memory", "start")
    short = {key: value for key, value in RECORD.items() if key not in skipped}
    text = speed_tables.throughput(short)
    assert "| torch float32 | 40.0 | 1.60 × |  |  |  |" in text
    assert not any(word in text for word in ("MiB", "DSA", "png"))
    assert speed_tables.draw_throughput(RECORD).size == (1280, 600)
    assert speed_tables.draw_throughput(short).size == (1280, 600)


def test_torchreid_and_reid_align_extract_the_same_features() -> None:
    encoder, device = lively("san_resnet18"), torch.device("cpu")
    paths = sorted(find_images([ROOT / "examples"]))[:5]
    expected = forward_variants.torchreid_extract(paths, encoder, 2, device)
    assert np.allclose(
        forward_variants.torchreid_extract(paths, encoder, 5, device), expected, atol=1e-5
    )
    ours = forward_variants.backend_extract(
        paths, encoder, ExtractOptions("cpu", normalize=False)
    )()
    apart = throughput_measures.distance(ours, expected)
    assert apart["max_relative_error"] < 1e-5
    assert apart["min_cosine"] == 1
    row = {"name": "torch float32", **apart}
    assert throughput_measures.disagreements([row]) == []
    worse = {**row, **throughput_measures.distance(ours * np.float32(1.001), expected)}
    assert (
        "torch float32: features differ by 0.001" in throughput_measures.disagreements([worse])[0]
    )
    assert throughput_measures.disagreements([{**worse, "name": "torch bfloat16"}]) == []


def test_rate_counts_the_calls_of_all_threads() -> None:
    calls: list[int] = []
    rate = timing.rate(lambda: calls.append(1), Parallelism(2, 1), 0.05)
    assert rate > 0
    # The first call of each thread is not counted.
    assert len(calls) >= 2
    found = timing.best_of(3, {"a": iter([1.0, 3.0, 2.0]).__next__})
    assert found == {"a": 3.0}


def test_operations_of_the_papers_network() -> None:
    encoder = lively("san_resnet18")
    encoder.preprocess = type(encoder.preprocess)(256, 128)
    operations = matrix_product_rates.arithmetic(encoder)
    # 1.82 GMAC at 224×224 (torchvision), here 32768/50176 of the pixels and layer4 at twice the
    # height and width of what it would have.
    assert 2.3e9 < operations < 4.1e9
