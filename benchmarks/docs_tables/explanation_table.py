"""Table of explanation_regions.json."""

from benchmarks.docs_tables.markdown import Record, origin, table

_NAMES = {"set": "synthetic", "cuhk03_detected": "CUHK03", "cuhk03_labeled": "CUHK03 (labeled)"}


def explanation_regions(record: Record) -> str:
    """Return the measures of pairs of the same and of different identities.

    Args:
        record: the content of explanation_regions.json.
    """
    rows, count = [], record["matches"]
    for dataset, measured in record["measured"].items():
        same = measured["same"]
        name = _NAMES.get(dataset, dataset)
        texts = {
            "body_contribution": (
                "positive contributions on the body, which covers "
                f"{same.get('body_area', 0):.0f} % of the area"
            ),
            "body_matches": f"the {count} strongest matches with both ends on the body",
            "same_region": (
                f"of these, the same body region ({same.get('chance', 0):.0f} % by chance)"
            ),
            "one_row": (
                f"the {count} strongest matches at most one row apart, of {record['rows']} rows"
            ),
            "contribution": f"sum of the contributions of the {count} strongest matches",
            "similarity": "mean similarity",
        }
        for key, text in texts.items():
            if key in same:
                pattern = "{:.2f}" if key in ("contribution", "similarity") else "{:.0f} %"
                values = (pattern.format(each[key]) for each in measured.values())
                rows.append((f"{name}: {text}", *values))
    pairs = ", ".join(
        f"{each['same']['pairs']} ({_NAMES.get(name, name)})"
        for name, each in record["measured"].items()
    )
    head = "", "same identity", "different identities"
    made = record["set"]
    note = (
        f"Encoder `{record['encoder']}`; pairs of images in each column: {pairs}. Synthetic set: "
        f"{made['identities']} identities with {made['images']} images each, seed {made['seed']}."
    )
    return "\n\n".join((table(head, rows), note, origin(record)))
