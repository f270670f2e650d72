"""Tables and sentences of same_identity.json."""

from benchmarks.docs_tables.markdown import Record, origin, table

_NAMES = {"cuhk03_detected": "CUHK03 (detected)", "cuhk03_labeled": "CUHK03 (labeled)"}


def identity_tables(record: Record) -> str:
    """Return all blocks of the result."""
    blocks = (thresholds, draws, near_pairs, clusters, improvements)
    return "\n\n".join(block(record) for block in blocks)


def thresholds(record: Record) -> str:
    """Return error rates at the shipped threshold and at one chosen on the dataset."""
    shipped, found, rate = record["calibration"], record["pairs"], record["rate"]
    rows = [
        (
            shipped["place"],
            _error(shipped),
            f"{shipped['threshold']:.3f}",
            _percent(shipped["true_match_rate"], 0),
            _percent(rate, 1),
            _percent(shipped["true_match_rate"], 0),
        ),
        (
            _name(record),
            _error(found),
            f"{found['threshold']:.3f}",
            _percent(found["true_match_rate"], 0),
            _percent(found["shipped_false_match_rate"], 1),
            _percent(found["shipped_true_match_rate"], 0),
        ),
    ]
    head = (
        "images",
        "equal error rate",
        f"threshold for {_percent(rate, 0)} false matches",
        "true pairs found there",
        f"false pairs accepted at {shipped['threshold']:.3f}",
        f"true pairs found at {shipped['threshold']:.3f}",
    )
    return f"{table(head, rows)}\n\n{_origin(record)}"


def draws(record: Record) -> str:
    """Return how much the threshold varies between draws of labeled pairs."""
    found = record["draws"]
    count, each = len(found["thresholds"]), found["pairs_of_each_kind"]
    chosen, rates = found["thresholds"], found["false_match_rates"]
    return (
        f"In {count} draws of {each} same and {each} different pairs from {_name(record)}, the "
        f"threshold for {_percent(found['rate'], 0)} false matches was {min(chosen):.2f} to "
        f"{max(chosen):.2f} (all pairs: {found['all_pairs_threshold']:.2f}). The false match rate "
        f"of these thresholds among all pairs was {_percent(min(rates), 1)} to "
        f"{_percent(max(rates), 1)}."
    )


def near_pairs(record: Record) -> str:
    """Return the threshold of proposed pairs and that of random ones."""
    near, every = record["near_pairs"], record["draws"]["all_pairs_threshold"]
    return (
        f"On {_name(record)} with the published weights, the threshold for "
        f"{_percent(near['rate'], 0)} false matches is {near['threshold']:.2f} on "
        f"{near['pairs']} proposed pairs ({near['same_pairs']} of one identity), and "
        f"{every:.2f} on random pairs.\n\n"
        f"{_origin(record)}"
    )


def clusters(record: Record) -> str:
    """Return the scores of average linkage."""
    found = record["clusters"]
    best = max(found["grid"], key=lambda row: row["f1"])
    grid = ", ".join(f"{row['threshold']:.2f}" for row in found["grid"])
    tracks = f"{found['tracklets']['items']:,} tracklets (one per identity and camera)"
    named = [
        ("images, shipped threshold", found["shipped"]),
        (f"images, best F1 at the thresholds {grid}", best),
        (f"{tracks}, shipped threshold", found["tracklets"]),
    ]
    rows = [
        (
            name,
            f"{row['threshold']:.3f}",
            f"{row['clusters']:,}",
            *(f"{row[key]:.2f}" for key in ("ari", "f1", "precision", "recall")),
        )
        for name, row in named
    ]
    head = "average linkage of", "threshold", "clusters", "ARI", "F1", "precision", "recall"
    return f"{table(head, rows)}\n\n{_origin(record)}"


def improvements(record: Record) -> str:
    """Return rank-1 without and with query expansion and re-ranking."""
    found = record["search"]
    rank1 = found["rank1"]
    rows = [
        ("neither", f"{rank1['plain']:.1f} %"),
        (f"`--expand-query {found['expand']}`", f"{rank1['expand_query']:.1f} %"),
        (f"`--rerank {found['candidates']}`", f"{rank1['rerank']:.1f} %"),
    ]
    head = "search", f"rank-1 of {record['queries']:,} queries"
    return f"{table(head, rows)}\n\n{_origin(record)}"


def _name(record: Record) -> str:
    name: str = record["dataset"]
    return _NAMES.get(name, name)


def _percent(share: float, digits: int) -> str:
    return f"{100 * share:.{digits}f} %"


def _error(rates: Record) -> str:
    return f"{_percent(rates['equal_error_rate'], 1)} (at {rates['equal_error_threshold']:.3f})"


def _origin(record: Record) -> str:
    counts = f"{record['images']:,} images of {record['identities']:,} identities"
    return (
        f"{_name(record)}: the {counts} of the test, encoder `{record['encoder']}`. "
        f"{origin(record)}"
    )
