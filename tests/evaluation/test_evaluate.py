"""Evaluation of datasets and features, compared with plain loops."""

import json
import math
from typing import Any

import numpy as np
import pytest

from reid_align import Features
from reid_align.datasets import ImageRecord, ReidDataset, Split
from reid_align.errors import DatasetFormatError, FailedImagesError, InvalidInputError
from reid_align.evaluation import (
    EvaluationOptions,
    EvaluationResult,
    FeatureProcessing,
    check_options,
    evaluate,
    json_report,
    markdown_report,
    query_table,
    text_report,
)
from reid_align.features import FailedImage
from reid_align.features.camera_normalization import normalize_by_camera

RANDOM = np.random.default_rng(0)


def records(prefix: str, people: list[int], cameras: list[int | None]) -> tuple[ImageRecord, ...]:
    return tuple(
        ImageRecord(f"/data/{prefix}{index}.jpg", person, camera)
        for index, (person, camera) in enumerate(zip(people, cameras, strict=True))
    )


def dataset(*splits: Split, protocol: str = "cross_camera") -> ReidDataset:
    return ReidDataset("toy", "/data", (), splits, protocol)


def random_split(name: str) -> Split:
    """Return 12 queries and 40 gallery images of 6 identities; 6 and 7 are distractors."""
    query = records(f"{name}q", [*range(6)] * 2, [1] * 6 + [2] * 6)
    gallery = records(
        f"{name}g", RANDOM.integers(0, 8, 40).tolist(), RANDOM.integers(1, 4, 40).tolist()
    )
    return Split(name, query, gallery)


def random_features(*splits: Split) -> Features:
    paths = sorted({r.path for split in splits for r in (*split.query, *split.gallery)})
    values = RANDOM.standard_normal((len(paths), 8)).astype(np.float32)
    people = {r.path: r.person_id for split in splits for r in (*split.query, *split.gallery)}
    values += 0.8 * np.eye(8, dtype=np.float32)[[people[path] for path in paths]]
    return Features(values, tuple(paths))


def naive_scores(split: Split, features: Features, metric: str) -> tuple[float, float]:
    """Compute rank-1 and mAP by full sorting, one query at a time."""
    vector = dict(zip(features.paths, features.values.astype(np.float64), strict=True))
    hits, precisions = [], []
    for query in split.query:
        ranked = []
        for gallery in split.gallery:
            same = gallery.person_id == query.person_id
            if same and gallery.camera_id == query.camera_id:
                continue
            a, b = vector[query.path], vector[gallery.path]
            if metric == "euclidean":
                distance = math.dist(a, b)
            else:
                distance = 1 - a @ b / (np.linalg.norm(a) * np.linalg.norm(b))
            ranked.append((distance, same))
        found = [same for _, same in sorted(ranked, key=lambda pair: pair[0])]
        if any(found):
            ranks = [rank for rank, same in enumerate(found, 1) if same]
            hits.append(found[0])
            precisions.append(np.mean([(i + 1) / rank for i, rank in enumerate(ranks)]))
    return float(np.mean(hits)), float(np.mean(precisions))


def test_scores_are_those_of_a_plain_loop_averaged_over_the_splits() -> None:
    splits = [random_split("a"), random_split("b"), random_split("c")]
    features = random_features(*splits)
    result = evaluate(dataset(*splits), features)
    assert (result.splits, result.query_images, result.gallery_images) == (3, 36, 120)
    assert [score.name for score in result.scores] == ["cosine", "euclidean"]
    for score in result.scores:
        expected = np.array([naive_scores(split, features, score.metric) for split in splits])
        assert score.rank(1) == pytest.approx(expected[:, 0].mean())
        assert score.mean_average_precision == pytest.approx(expected[:, 1].mean())
        assert score.rank1_deviation == pytest.approx(expected[:, 0].std())
        assert score.rank(1) <= score.rank(5) <= score.rank(10) <= score.rank(1000) == score.cmc[-1]


def test_query_scores_average_to_the_means() -> None:
    split = random_split("a")
    result = evaluate(dataset(split), random_features(split))
    for score in result.scores:
        assert [query.path for query in score.queries] == [query.path for query in split.query]
        assert np.mean([q.rank1 for q in score.queries]) == pytest.approx(score.rank(1))
        mean = np.mean([q.average_precision for q in score.queries])
        assert mean == pytest.approx(score.mean_average_precision)
        assert all((q.first_hit == 1) == (q.rank1 == 1) for q in score.queries)


def line_features(**positions: float) -> Features:
    """Return features on a line, which makes distances obvious."""
    paths = tuple(f"/data/{name}.jpg" for name in positions)
    return Features(np.array([[p, 1] for p in positions.values()], np.float32), paths)


EUCLIDEAN = EvaluationOptions(("euclidean",))


def test_an_image_does_not_match_itself() -> None:
    images = records("p", [1, 1, 2, 2], [None] * 4)
    features = line_features(p0=0, p1=1, p2=1.4, p3=9)
    result = evaluate(
        dataset(Split("leave_one_out", images, images), protocol="all_images"),
        features,
        EUCLIDEAN,
    )
    # Ranked lists: 0 -> 1; 1 -> 2, 0; 2 -> 1, 0, 3; 3 -> 2.
    assert [query.first_hit for query in result.scores[0].queries] == [1, 2, 3, 1]


def test_junk_is_ignored_and_needs_no_features() -> None:
    query = records("q", [1], [1])
    gallery = records("g", [-1, 2, 1], [2, 2, 2])
    features = line_features(q0=0, g1=2, g2=1)
    result = evaluate(dataset(Split("s", query, gallery)), features, EUCLIDEAN)
    assert result.scores[0].queries[0].first_hit == 1
    assert result.gallery_images == 2


def test_queries_without_a_match_are_left_out_and_counted() -> None:
    query = records("q", [1, 2, 3], [1, 1, 1])
    gallery = records("g", [1, 2], [2, 1])
    features = line_features(q0=0, q1=1, q2=2, g0=0, g1=1)
    result = evaluate(dataset(Split("s", query, gallery)), features, EUCLIDEAN)
    assert [query.path for query in result.scores[0].queries] == ["/data/q0.jpg"]
    assert result.scores[0].valid_queries == 1
    assert "2 queries have no match in the gallery and are left out." in text_report(result)


def test_single_gallery_shot_gives_the_exact_expectation() -> None:
    # Identity 1 has one image closer and one farther than identity 2: the probability is 0.5.
    query = records("q", [1], [1])
    gallery = records("g", [1, 1, 2], [2, 2, 2])
    split = Split("s", query, gallery)
    features = line_features(q0=0, g0=1, g1=3, g2=2)
    single = dataset(split, protocol="single_gallery_shot")
    exact = evaluate(single, features, EUCLIDEAN).scores[0]
    assert exact.rank(1) == 0.5
    assert exact.rank(2) == 1
    assert exact.mean_average_precision is None


def full_result() -> EvaluationResult:
    split = random_split("a")
    options = EvaluationOptions(rerank=True, false_positive_rates=(0.01, 0.1))
    return evaluate(dataset(split), random_features(split), options)


def test_reranking_and_verification_are_added_on_request() -> None:
    result = full_result()
    assert [score.name for score in result.scores] == [
        "cosine",
        "cosine, re-ranked",
        "euclidean",
        "euclidean, re-ranked",
    ]
    plain, reranked = (score.mean_average_precision for score in result.scores[:2])
    assert plain != reranked
    assert [found.metric for found in result.verification] == ["cosine", "euclidean"]
    for found in result.verification:
        assert 0 < found.equal_error_rate < 0.5
        assert found.rates == (0.01, 0.1)
        for rate, point in zip(found.rates, found.points, strict=True):
            assert point.false_positive_rate <= rate


def test_camera_normalization_adds_rows_to_the_plain_scores() -> None:
    # Camera 2 shifts all features by 10, which hides the matches.
    query, gallery = records("q", [1, 2, 3], [1, 1, 1]), records("g", [1, 2, 3], [2, 2, 2])
    split = Split("s", query, gallery)
    features = line_features(q0=0, q1=1, q2=2, g0=10, g1=11, g2=12)
    options = EvaluationOptions(rerank=True, normalize_cameras=True)
    scores = {s.name: s for s in evaluate(dataset(split), features, options).scores}
    assert list(scores) == [
        f"{metric}{cameras}{reranked}"
        for metric in ("cosine", "euclidean")
        for cameras in ("", ", camera-normalized")
        for reranked in ("", ", re-ranked")
    ]
    plain = evaluate(dataset(split), features, EvaluationOptions()).scores
    assert scores["euclidean"] == plain[1]
    assert scores["euclidean"].rank(1) == pytest.approx(1 / 3)
    # -1, 0 and 1 times a constant on both sides; the zero vector is equally far from all.
    found = [query.first_hit for query in scores["euclidean, camera-normalized"].queries]
    assert (found[0], found[2]) == (1, 1)


def test_camera_normalization_counts_an_image_on_both_sides_once() -> None:
    query, gallery = random_split("a").query, random_split("a").gallery
    images = tuple(dict.fromkeys((*query, *gallery)))
    features = random_features(Split("s", images, images))
    options = EvaluationOptions(("cosine",), normalize_cameras=True)
    both = evaluate(dataset(Split("s", query, images)), features, options)
    camera = {record.path: record.camera_id for record in images}
    cameras = np.array([camera[path] for path in features.paths], np.int64)
    values = normalize_by_camera(features.values, cameras)
    expected = naive_scores(Split("s", query, images), Features(values, features.paths), "cosine")
    found = both.scores[1]
    assert (found.rank(1), found.mean_average_precision) == pytest.approx(expected)


def test_camera_normalization_needs_cameras() -> None:
    split = Split("s", records("q", [1], [None]), records("g", [1], [None]))
    options = EvaluationOptions(normalize_cameras=True)
    with pytest.raises(InvalidInputError, match=r"toy at /data does not give all .* camera_id"):
        evaluate(dataset(split, protocol="all_images"), line_features(q0=0, g0=1), options)


def test_trapezoid_average_precision_differs_from_the_mean() -> None:
    split = random_split("a")
    features = random_features(split)
    means = [
        evaluate(dataset(split), features, EvaluationOptions(ap=ap)).scores[0]
        for ap in ("mean", "trapezoid")
    ]
    assert means[0].cmc == means[1].cmc
    assert means[0].mean_average_precision > means[1].mean_average_precision


def test_all_reports_contain_the_same_scores() -> None:
    result = full_result()
    text, markdown = text_report(result), markdown_report(result)
    document = json.loads(json.dumps(json_report(result), allow_nan=False))
    table = query_table(result).splitlines()
    for score, stored in zip(result.scores, document["scores"], strict=True):
        shown = f"{100 * score.mean_average_precision:.1f}"
        assert stored["mAP"] == pytest.approx(100 * score.mean_average_precision)
        assert stored["rank5"] == pytest.approx(100 * score.rank(5))
        assert any(line.startswith(f"{score.name} ") and shown in line for line in text.split("\n"))
        assert f"| {score.name} |" in markdown
    assert "EER" in text
    assert len(table) == 1 + sum(len(score.queries) for score in result.scores)
    ways = ["metric", "reranked", "normalize_cameras"]
    assert table[0].split(",")[:5] == [*ways, "split", "path"]


def test_a_split_without_matching_pairs_is_an_error() -> None:
    lonely = Split("s", records("q", [1], [1]), records("g", [2], [2]))
    with pytest.raises(InvalidInputError, match="No query has a match"):
        evaluate(dataset(lonely), line_features(q0=0, g0=1))


def test_labels_without_matches_are_found_before_features_are_computed() -> None:
    one_camera = records("a", [1, 1, 2, 2], [5] * 4)
    junk = Split("junk", records("q", [-1], [1]), records("g", [-1], [2]))
    own_image = Split("own", records("a", [1], [1]), records("a", [1], [1]))
    for split in (Split("s", one_camera, one_camera), junk, own_image):
        with pytest.raises(InvalidInputError, match=rf"split '{split.name}': No query has a match"):
            check_options(dataset(split), EvaluationOptions())
    all_images = dataset(Split("s", one_camera, one_camera), protocol="all_images")
    check_options(all_images, EvaluationOptions())


def test_each_split_needs_a_match() -> None:
    good = Split("good", records("q", [1], [1]), records("g", [1, 2], [2, 2]))
    bad = Split("bad", records("q", [1], [1]), records("g", [1], [1]))
    check_options(dataset(good), EvaluationOptions())
    with pytest.raises(InvalidInputError, match="split 'bad'"):
        check_options(dataset(good, bad), EvaluationOptions())


def test_a_single_identity_is_refused() -> None:
    one = Split("one", records("q", [1, 1], [1, 3]), records("g", [-1, 1], [2, 2]))
    with pytest.raises(InvalidInputError, match="split 'one': all images show one identity"):
        check_options(dataset(one), EvaluationOptions())


def test_normalized_features_have_length_one() -> None:
    split = random_split("a")
    raw = random_features(split)
    lengths = np.linalg.norm(raw.values, axis=1, keepdims=True)
    unit = Features((raw.values / lengths).astype(np.float32), raw.paths)
    options = EvaluationOptions(rerank=True, normalize_cameras=True, normalize=True)
    plain = EvaluationOptions(rerank=True, normalize_cameras=True)
    for one, two in zip(
        evaluate(dataset(split), raw, options).scores,
        evaluate(dataset(split), unit, plain).scores,
        strict=True,
    ):
        assert one.mean_average_precision == pytest.approx(two.mean_average_precision)
    assert evaluate(dataset(split), raw, options).processing.statement == "scaled to length 1"
    assert evaluate(dataset(split), raw, plain).processing.statement == "not scaled"
    assert evaluate(dataset(split), unit).processing.statement == "scaled to length 1"


def test_zero_vectors_stay_zero_when_normalized() -> None:
    split = Split("s", records("q", [1], [1]), records("g", [1, 2], [2, 2]))
    features = Features(
        np.zeros((3, 4), np.float32), ("/data/q0.jpg", "/data/g0.jpg", "/data/g1.jpg")
    )
    result = evaluate(dataset(split), features, EvaluationOptions(normalize=True))
    assert result.scores[1].rank(1) == 1


@pytest.mark.parametrize(
    ("description", "statement"),
    [
        ({}, "as given"),
        ({"normalized": True, "flip": False, "computed_in": "float32"}, "scaled to length 1"),
        ({"normalized": False, "flip": True}, "not scaled, averaged with the mirror image"),
        (
            {"normalized": True, "adapted": {"images": 2048}, "computed_in": "bfloat16"},
            "scaled to length 1, batch norms adapted to 2,048 images, computed in bfloat16",
        ),
        ({"normalized": True, "adapted": None}, "scaled to length 1"),
    ],
)
def test_the_statement_names_the_processing(description: dict[str, Any], statement: str) -> None:
    assert FeatureProcessing.from_description(description).statement == statement


def test_all_reports_state_the_processing() -> None:
    split = random_split("a")
    processing = FeatureProcessing(None, True, 0, "float32")
    options = EvaluationOptions(normalize=True)
    result = evaluate(dataset(split), random_features(split), options, processing)
    line = "Features: scaled to length 1, averaged with the mirror image."
    for report in (text_report(result), markdown_report(result)):
        assert line in report.split("\n")
        assert report.index(line) < report.index("cosine")
    stated = json_report(result)["feature_processing"]
    assert isinstance(stated, dict)
    assert stated["statement"] == line.removeprefix("Features: ").removesuffix(".")


def test_failed_images_are_left_out_on_request() -> None:
    split = Split("s", records("q", [1, 2], [1, 1]), records("g", [1, 2, 3], [2, 2, 2]))
    known = line_features(q0=0, q1=2, g0=1, g1=2)
    features = Features(known.values, known.paths, (FailedImage("/data/g2.jpg", "it is empty."),))
    with pytest.raises(FailedImagesError, match=r"1 of 3 .* 'failed' .*g2\.jpg: it is empty\)"):
        evaluate(dataset(split), features)
    result = evaluate(dataset(split), features, EvaluationOptions(skip_failed=True))
    assert (result.query_images, result.gallery_images) == (2, 2)
    assert result.skipped == features.failed
    assert json_report(result)["skipped"] == [{"path": "/data/g2.jpg", "error": "it is empty."}]
    missing = Features(known.values[:3], known.paths[:3], features.failed)
    with pytest.raises(InvalidInputError, match=r"1 of 2 images have no features .*g1\.jpg"):
        evaluate(dataset(split), missing, EvaluationOptions(skip_failed=True))


def test_without_the_only_match_nothing_can_be_evaluated() -> None:
    split = Split("s", records("q", [1], [1]), records("g", [1, 2], [2, 2]))
    known = line_features(q0=0, g1=2)
    features = Features(known.values, known.paths, (FailedImage("/data/g0.jpg", "it is empty."),))
    with pytest.raises(InvalidInputError, match="No query has a match"):
        evaluate(dataset(split), features, EvaluationOptions(skip_failed=True))


def test_images_without_features_are_named() -> None:
    split = Split("s", records("q", [1], [1]), records("g", [1, 2], [2, 2]))
    with pytest.raises(InvalidInputError, match=r"1 of 2 images .* /data/g1\.jpg"):
        evaluate(dataset(split), line_features(q0=0, g0=1))


def test_camera_ids_are_given_for_all_images_or_none() -> None:
    split = Split("s", records("q", [1], [1]), records("g", [1], [None]))
    with pytest.raises(DatasetFormatError, match="to all images or to none"):
        evaluate(dataset(split), line_features(q0=0, g0=1))
    unknown = Split("s", records("q", [1], [None]), records("g", [1], [None]))
    with pytest.raises(InvalidInputError, match="camera ids"):
        evaluate(dataset(unknown), line_features(q0=0, g0=1))


def test_a_dataset_for_training_only_cannot_be_evaluated() -> None:
    training = ReidDataset("toy", "/data", records("t", [1], [1]), (), "cross_camera")
    with pytest.raises(InvalidInputError, match="only training images"):
        evaluate(training, line_features(t0=0))


@pytest.mark.parametrize(
    "option",
    [
        {"max_rank": 0},
        {"false_positive_rates": (0.1, 1.1)},
        {"false_positive_rates": (math.nan,)},
    ],
)
def test_invalid_options_are_refused(option: dict[str, Any]) -> None:
    (name,) = option
    with pytest.raises(InvalidInputError, match=f"{name}="):
        EvaluationOptions(**option)
