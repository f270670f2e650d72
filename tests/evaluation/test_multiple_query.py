"""Multiple-query evaluation of a dataset, compared with plain loops."""

import csv
import io

import numpy as np
import pytest

from reid_align import Features
from reid_align.datasets import ImageRecord, ReidDataset, Split
from reid_align.evaluation import (
    EvaluationOptions,
    evaluate,
    json_report,
    query_table,
    text_report,
)

PEOPLE, CAMERAS, IMAGES, DIMENSION = 6, 2, 3, 8
Vectors = dict[str, np.ndarray]


def record(side: str, person: int, camera: int, number: int) -> ImageRecord:
    return ImageRecord(f"/data/{side}_{person}_{camera}_{number}.jpg", person, camera)


@pytest.fixture(scope="module")
def split() -> Split:
    """Three query images of each identity and camera; one gallery image for each of 3 cameras."""
    query = [
        record("q", person, camera, number)
        for person in range(PEOPLE)
        for camera in range(CAMERAS)
        for number in range(IMAGES)
    ]
    gallery = [
        record("g", person, camera, 0) for person in range(PEOPLE + 2) for camera in (0, 1, 2)
    ]
    return Split("test", tuple(query), tuple(gallery))


@pytest.fixture(scope="module")
def features(split: Split) -> Features:
    random = np.random.default_rng(0)
    people = random.normal(size=(PEOPLE + 2, DIMENSION))
    records = (*split.query, *split.gallery)
    values = [people[one.person_id] + 1.5 * random.normal(size=DIMENSION) for one in records]
    lengths = random.uniform(0.5, 2, len(records))[:, None]
    return Features((values * lengths).astype(np.float32), tuple(one.path for one in records))


def naive_scores(split: Split, vectors: Vectors, metric: str, pooling: str) -> tuple[float, float]:
    """Rank-1 and mAP with one query per identity and camera."""
    groups: dict[tuple[int, int | None], list[np.ndarray]] = {}
    for one in split.query:
        groups.setdefault((one.person_id, one.camera_id), []).append(vectors[one.path])
    hits, precisions = [], []
    for (person, camera), rows in groups.items():
        query = np.mean(rows, 0) if pooling == "mean" else np.max(rows, 0)
        ranked = []
        for one in split.gallery:
            if (one.person_id, one.camera_id) == (person, camera):
                continue
            vector = vectors[one.path]
            if metric == "euclidean":
                distance = np.linalg.norm(query - vector)
            else:
                distance = 1 - query @ vector / (np.linalg.norm(query) * np.linalg.norm(vector))
            ranked.append((float(distance), one.person_id == person))
        found = [same for _, same in sorted(ranked)]
        ranks = [rank for rank, same in enumerate(found, 1) if same]
        hits.append(found[0])
        precisions.append(np.mean([(k + 1) / rank for k, rank in enumerate(ranks)]))
    return float(np.mean(hits)), float(np.mean(precisions))


def dataset(split: Split, pooling: str) -> ReidDataset:
    protocol = "multiple_query" if pooling == "mean" else "multiple_query_max"
    return ReidDataset("toy", "/data", (), (split,), protocol)


@pytest.mark.parametrize("pooling", ["mean", "max"])
@pytest.mark.parametrize("normalize", [False, True])
def test_scores_equal_a_naive_computation(
    split: Split, features: Features, pooling: str, normalize: bool
) -> None:
    values = features.values.astype(np.float64)
    if normalize:
        values = values / np.linalg.norm(values, axis=1, keepdims=True)
    vectors = dict(zip(features.paths, values, strict=True))
    result = evaluate(dataset(split, pooling), features, EvaluationOptions(normalize=normalize))
    for score in result.scores:
        rank1, mean_ap = naive_scores(split, vectors, score.metric, pooling)
        assert score.rank(1) == pytest.approx(rank1)
        assert score.mean_average_precision == pytest.approx(mean_ap, abs=1e-6)
        assert score.valid_queries == PEOPLE * CAMERAS


def test_pooled_queries_are_better_than_single_ones(split: Split, features: Features) -> None:
    single = ReidDataset("toy", "/data", (), (split,), "cross_camera")
    scores = [evaluate(one, features).scores[0] for one in (single, dataset(split, "mean"))]
    assert scores[1].mean_average_precision > scores[0].mean_average_precision


def test_reports_count_queries_and_their_images(split: Split, features: Features) -> None:
    result = evaluate(dataset(split, "mean"), features)
    assert "protocol multiple_query: 12 queries (of 36 images), 24 gallery images" in text_report(
        result
    )
    document = json_report(result)
    assert (document["query_images"], document["pooled_images"]) == (12, 36)
    rows = list(csv.DictReader(io.StringIO(query_table(result))))
    assert [row["path"] for row in rows[:2]] == ["/data/q_0_0_0.jpg", "/data/q_0_1_0.jpg"]
    assert len(rows) == 2 * 12
    single = evaluate(ReidDataset("toy", "/data", (), (split,), "cross_camera"), features)
    assert json_report(single)["pooled_images"] is None


def test_thresholds_are_those_of_single_images(split: Split, features: Features) -> None:
    options = EvaluationOptions(("cosine",), false_positive_rates=(0.1,))
    single = ReidDataset("toy", "/data", (), (split,), "cross_camera")
    one, many = (evaluate(each, features, options) for each in (single, dataset(split, "mean")))
    assert one.verification == many.verification


def test_rerank_and_camera_normalization_work_with_pooled_queries(
    split: Split, features: Features
) -> None:
    options = EvaluationOptions(("cosine",), rerank=True, normalize_cameras=True)
    scores = evaluate(dataset(split, "mean"), features, options).scores
    assert len(scores) == 4
    assert {score.valid_queries for score in scores} == {12}
