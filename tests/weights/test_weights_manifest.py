"""The weights manifest: parsing, errors by entry and key, and formatting."""

import json

import pytest
from weights_samples import COMMIT, weights_of

from reid_align.errors import InvalidInputError, ManifestError, UnknownNameError
from reid_align.weights import (
    HubFile,
    Weights,
    find_manifest,
    find_weights,
    format_manifest,
    parse_manifest,
    shipped_weights,
)

ENCODER = weights_of()
OTHER = weights_of(name="tiny.market1501", default=False, hub=None, bundled="tiny.safetensors")
DECODER = weights_of(
    name="decoder.synthetic",
    architecture="decoder",
    kind="head",
    feature_dim=None,
    preprocess=None,
    metrics=(),
    arch_args={},
)
ESTIMATOR = weights_of(
    name="dense.synthetic",
    architecture="dense",
    kind="estimator",
    feature_dim=None,
    dtype="int8",
    metrics=(),
    arch_args={"depth": 18},
)
MANIFEST = format_manifest([ENCODER, OTHER, DECODER, ESTIMATOR])
HUB = {"repo_id": "a/b", "revision": COMMIT, "filename": "a.safetensors"}
PREPROCESS = json.loads(MANIFEST)["weights"]["tiny.synthetic"]["preprocess"]
METRICS = json.loads(MANIFEST)["weights"]["tiny.synthetic"]["metrics"][0]
RECIPE = json.loads(MANIFEST)["weights"]["tiny.synthetic"]["recipe"]


def changed(**changes: object) -> str:
    """The manifest with values of the entry tiny.synthetic replaced."""
    document = json.loads(MANIFEST)
    document["weights"]["tiny.synthetic"] |= changes
    return json.dumps(document)


def test_a_manifest_survives_a_round_trip() -> None:
    read = parse_manifest(MANIFEST, "test")
    assert read == {entry.name: entry for entry in (DECODER, OTHER, ENCODER, ESTIMATOR)}
    names = ["decoder.synthetic", "dense.synthetic", "tiny.market1501", "tiny.synthetic"]
    assert list(read) == names
    assert format_manifest([OTHER, ENCODER, ESTIMATOR, DECODER]) == MANIFEST
    assert list(json.loads(MANIFEST)["weights"]) == list(read)


def test_the_tag_follows_the_architecture() -> None:
    assert (ENCODER.tag, OTHER.tag) == ("synthetic", "market1501")
    assert weights_of(name="tiny.cuhk03.v2").tag == "cuhk03.v2"


def test_an_empty_manifest_is_valid() -> None:
    assert parse_manifest('{"schema": 1, "weights": {}}', "test") == {}
    assert json.loads(format_manifest([])) == {"schema": 1, "weights": {}}


def test_the_shipped_manifest_is_found_and_read() -> None:
    shipped = shipped_weights()
    assert dict(shipped) == parse_manifest(find_manifest().read_text("utf-8"), "shipped")
    assert all(name == entry.name for name, entry in shipped.items())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"kind": "decoder"},
            "kind: expected one of 'encoder', 'estimator', 'head', got 'decoder'",
        ),
        ({"architecture": "other"}, "name: expected a name that starts with 'other.'"),
        ({"architecture": ""}, "architecture: expected a text that is not empty"),
        ({"arch_args": {"parts": [1]}}, "arch_args: parts: expected true or false"),
        ({"arch_args": {"not a name": 1}}, "arch_args: expected argument names"),
        ({"default": 1}, "default: expected true or false"),
        ({"hub": None}, "hub: expected hub or bundled, got None"),
        ({"hub": HUB | {"repo_id": "ab"}}, "hub: repo_id: expected organization/repository"),
        ({"hub": HUB | {"repo_id": "../b"}}, "hub: repo_id: expected"),
        ({"hub": HUB | {"revision": "main"}}, "hub: revision: expected the 40 hex digits"),
        ({"hub": HUB | {"revision": COMMIT.upper()}}, "hub: revision: expected"),
        ({"hub": HUB | {"revision": COMMIT + "\n"}}, "hub: revision: expected"),
        ({"hub": HUB | {"filename": "a.pth"}}, "hub: filename: expected a plain name"),
        ({"hub": HUB | {"filename": "../a.safetensors"}}, "hub: filename: expected"),
        ({"hub": HUB | {"filename": ".a.safetensors"}}, "hub: filename: expected"),
        ({"hub": HUB | {"url": "x"}}, "hub: url: unknown key"),
        ({"bundled": "folder/a.safetensors"}, "bundled: expected a plain name"),
        ({"bytes": 0}, "bytes: expected at least 1, got 0"),
        ({"bytes": 1.5}, "bytes: expected a whole number"),
        ({"sha256": "0" * 63}, "sha256: expected 64 hex digits"),
        ({"sha256": "A" * 64}, "sha256: expected 64 hex digits"),
        ({"dtype": "int4"}, "dtype: expected one of 'float32', 'float16', 'bfloat16', 'int8'"),
        ({"parameters": -1}, "parameters: expected at least 1, got -1"),
        ({"feature_dim": 0}, "feature_dim: expected at least 1, got 0"),
        ({"feature_dim": None}, "feature_dim: expected a value for the kind 'encoder'"),
        ({"preprocess": None}, "preprocess: expected a value for the kind 'encoder'"),
        ({"preprocess": PREPROCESS | {"height": 0}}, "preprocess: height 0"),
        ({"preprocess": PREPROCESS | {"std": [1, 0, 1]}}, "preprocess: std"),
        ({"preprocess": PREPROCESS | {"mean": [1, 1]}}, "preprocess: mean: expected a list of 3"),
        ({"preprocess": {"height": 16, "width": 8}}, "preprocess: mean: missing key"),
        ({"training_data": []}, "training_data: expected at least one entry"),
        ({"recipe": RECIPE | {"commit": "abc"}}, "recipe: commit: expected the 40 hex digits"),
        ({"recipe": RECIPE | {"seed": -1}}, "recipe: seed: expected at least 0"),
        ({"recipe": RECIPE | {"cost": ""}}, "recipe: cost: expected a text that is not empty"),
        ({"recipe": None}, "recipe: expected an object"),
        ({"license": ""}, "license: expected a text that is not empty"),
        ({"metrics": [METRICS | {"rank1": 100.1}]}, "metrics: 0: rank1: expected a percentage"),
        ({"metrics": [METRICS | {"mAP": -0.1}]}, "metrics: 0: mAP: expected a percentage"),
        ({"metrics": [METRICS | {"note": ""}]}, "metrics: 0: note: expected a text"),
        ({"metrics": [METRICS | {"note": 5}]}, "metrics: 0: note: expected a text"),
        ({"fingerprint": [0.5]}, "fingerprint: expected 34 finite numbers"),
        ({"url": "x"}, "url: unknown key"),
        ({"name": "tiny.synthetic"}, "name: unknown key"),
    ],
)
def test_an_invalid_value_is_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ManifestError) as caught:
        parse_manifest(changed(**changes), "file.json")
    assert str(caught.value).startswith(f"file.json: entry 'tiny.synthetic': {message}")


def test_each_key_of_an_entry_is_required() -> None:
    for key in json.loads(MANIFEST)["weights"]["tiny.synthetic"]:
        document = json.loads(MANIFEST)
        del document["weights"]["tiny.synthetic"][key]
        with pytest.raises(ManifestError, match=f"entry 'tiny.synthetic': {key}: missing key"):
            parse_manifest(json.dumps(document), "file.json")


@pytest.mark.parametrize(
    ("kind", "changes", "key"),
    [
        ("head", {"feature_dim": 40, "preprocess": None}, "feature_dim"),
        ("head", {"feature_dim": None, "preprocess": ENCODER.preprocess}, "preprocess"),
        ("estimator", {"feature_dim": 40}, "feature_dim"),
    ],
)
def test_a_head_has_neither_features_nor_preprocessing_and_an_estimator_no_features(
    kind: str, changes: dict[str, object], key: str
) -> None:
    with pytest.raises(InvalidInputError, match=f"^{key}: expected null for the kind {kind!r}"):
        weights_of(kind=kind, **changes)


def test_an_estimator_reads_images() -> None:
    with pytest.raises(InvalidInputError, match=r"^preprocess: expected a value for the kind"):
        weights_of(kind="estimator", feature_dim=None, preprocess=None)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nonsense", "invalid JSON"),
        (MANIFEST.replace("95.5", "NaN"), "NaN is not finite"),
        ('{"schema": 1}', r"expected the keys schema and weights, got \[\]"),
        ('{"schema": 1, "weights": {}, "more": 1}', r"got \['more', 'weights'\]"),
        ('{"schema": 3, "weights": {}}', "schema: expected 1, got 3"),
        ('{"schema": 1, "weights": []}', r"expected an object, got \[\]"),
        ('{"schema": 1, "weights": {"tiny.a": 5}}', "entry 'tiny.a': expected an object, got 5"),
    ],
)
def test_an_invalid_manifest_is_refused(text: str, message: str) -> None:
    with pytest.raises(ManifestError, match=rf"^file\.json: .*{message}"):
        parse_manifest(text, "file.json")


@pytest.mark.parametrize("name", ["tiny", "tiny.", ".a", "tiny./a", "tiny.a b", "tiny.a\n"])
def test_a_name_that_is_not_architecture_and_tag_is_refused(name: str) -> None:
    with pytest.raises(InvalidInputError, match=r"^name: expected architecture\.tag"):
        weights_of(name=name)


def test_two_defaults_of_one_architecture_are_refused() -> None:
    second = weights_of(name="tiny.second")
    with pytest.raises(ManifestError, match="tiny has 2 default entries"):
        format_manifest([ENCODER, second])


def test_two_records_of_one_name_are_refused() -> None:
    with pytest.raises(ManifestError, match="duplicate key"):
        format_manifest([ENCODER, ENCODER])


@pytest.mark.parametrize("value", [float("nan"), float("inf"), (3, 4), None])
def test_an_argument_that_json_would_change_is_refused(value: object) -> None:
    with pytest.raises(InvalidInputError, match=r"^arch_args: layers: expected true, false"):
        weights_of(arch_args={"layers": value})


def test_weights_are_found_by_tag_or_as_the_default() -> None:
    manifest = parse_manifest(MANIFEST, "test")
    assert find_weights(manifest, "tiny") == ENCODER
    assert find_weights(manifest, "tiny", "market1501") == OTHER


@pytest.mark.parametrize(
    ("manifest", "tag", "message"),
    [
        ([ENCODER, OTHER], "market", "'market'. Did you mean 'market1501'?"),
        ([OTHER], None, "'default'. Known: market1501"),
        ([DECODER], "synthetic", "Known: none yet"),
    ],
)
def test_unknown_weights_are_an_error(
    manifest: list[Weights], tag: str | None, message: str
) -> None:
    with pytest.raises(UnknownNameError) as caught:
        find_weights({entry.name: entry for entry in manifest}, "tiny", tag)
    assert message in str(caught.value)


def test_records_are_hashable_and_checked_when_made() -> None:
    assert {ENCODER, weights_of()} == {ENCODER}
    with pytest.raises(InvalidInputError, match=r"^revision"):
        HubFile("a/b", "main", "a.safetensors")
