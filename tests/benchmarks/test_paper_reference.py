"""The published figures against a list of both papers' numbers that was made independently."""

from collections import Counter, defaultdict
from hashlib import sha256

import pytest

from benchmarks.papers.published import METRICS, WITHDRAWN, load_tables
from reid_align.datasets import list_datasets
from reid_align.recipes import RECIPES

FIGURES = [figure for table in load_tables().values() for figure in table.figures()]
# Origin: the tables parsed from the texts of both papers; the number of figures and their sum.
GOLDEN = {
    "san1": (20, 1667.1),
    "san2": (20, 1631.2),
    "san3": (116, 8174.8),
    "san4": (30, 1808.3),
    "dsa2": (120, 8694.4),
    "dsa_text": (2, 185.7),
    "dsa3": (40, 3745.5),
    "dsa4": (12, 1126.8),
    "dsa5": (8, 751.6),
}
FIELDS = {"rank1": "rank1", "rank5": "rank5", "rank10": "rank10", "mAP": "mean_ap"}


def test_there_are_368_figures_156_of_them_not_cited() -> None:
    assert len(FIGURES) == 368
    assert sum(not figure.cited for figure in FIGURES) == 156
    found: dict[str, list[float]] = defaultdict(list)
    for figure in FIGURES:
        found[figure.table].append(figure.value)
    counted = {table: (len(values), round(sum(values), 1)) for table, values in found.items()}
    assert counted == GOLDEN


def test_figures_match_the_papers() -> None:
    # Origin: the same list, sorted; a change of any figure, dataset, metric or origin changes it.
    lines = sorted(
        f"{f.table} {f.dataset} {f.metric} {f.value:.1f} {'cited' if f.cited else 'own'}"
        for f in FIGURES
    )
    digest = sha256("\n".join(lines).encode()).hexdigest()
    assert digest == "1db917b7b5f7c69ddbf0f1ed606d83f5a1c5d1cc3fb95dd9ea30727cb6dd7da6"


@pytest.mark.parametrize(
    ("table", "row", "dataset", "scores"),
    [
        ("san1", "SAN", "cuhk03_labeled", (80.1, None, None, 76.4)),
        ("san2", "Enc-Dec rec. pose", "market1501", (94.4, None, None, 84.5)),
        ("san3", "SAN", "cuhk03_detected", (79.4, None, None, 74.6)),
        ("san3", "MaskReID (ArXiv) (Qi et al. 2018)", "market1501", (90.0, None, None, 70.3)),
        ("san4", "SAN*", "partial_reid", (44.7, 72.4, 86.0, None)),
        ("san4", "Baseline (ResNet-50)", "partial_ilids", (42.0, 65.5, 73.2, None)),
        ("dsa2", "MaskReID(Arxiv18)", "market1501", (90.0, None, None, 75.3)),
        ("dsa2", "DSA-reID (*)", "cuhk01", (90.4, 97.8, None, None)),
        ("dsa3", "DSA(Two streams fused)", "market1501", (95.8, 98.4, 99.1, 87.5)),
        ("dsa4", "CSA(Only MF-Stream)", "market1501", (94.1, 98.1, 98.8, 84.1)),
        ("dsa5", "Concatenation+fc", "market1501", (93.0, 97.6, 98.6, 81.6)),
        ("dsa_text", "DSA-reID", "cuhk01", (88.6, 97.1, None, None)),
    ],
)
def test_figures_of_single_rows(
    table: str, row: str, dataset: str, scores: tuple[float | None, ...]
) -> None:
    (found,) = [one for one in load_tables()[table].rows if one.name == row]
    assert tuple(found.published[dataset].get(metric) for metric in METRICS) == scores


def test_row_names_are_unique_and_datasets_known() -> None:
    for table in load_tables().values():
        assert max(Counter(row.name for row in table.rows).values()) == 1
        assert {figure.dataset for figure in table.figures()} == set(table.protocols)
        assert set(table.protocols) <= {*list_datasets(), WITHDRAWN}
        assert all(row.recipe for row in table.rows if not row.cited)
        # SAN compares itself with DSA-reID, which is trained here, too.
        assert {row.recipe for row in table.rows if row.cited} <= {None, "dsa_full"}


def test_recipes_and_tables_have_the_same_published_figures() -> None:
    """Two places have these figures: the package, for its lists, and the tables. They agree."""
    published: dict[str, set[tuple[str, str, str, float]]] = defaultdict(set)
    for table in load_tables().values():
        for row in table.rows:
            for dataset, scores in row.published.items():
                for metric, value in scores.items():
                    published[row.recipe or ""].add((dataset, row.feature, metric, value))
    expected = {
        name: {
            (one.dataset, one.feature, metric, value)
            for one in RECIPES[name].expected
            for metric, field in FIELDS.items()
            if (value := getattr(one, field)) is not None
        }
        for name in RECIPES
    }
    del published[""]
    assert {name: found for name, found in expected.items() if found} == published


def test_our_control_row_has_no_published_figure() -> None:
    (control,) = [row for row in load_tables()["san1"].rows if row.ours]
    assert (control.recipe, control.baseline) == ("san_baseline_pginit", True)
    assert not control.published
