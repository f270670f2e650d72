"""Evaluation of features on a re-identification dataset, with text, JSON and CSV reports."""

from reid_align.evaluation.evaluation_options import EvaluationOptions, check_options
from reid_align.evaluation.evaluation_report import (
    json_report,
    markdown_report,
    query_table,
    text_report,
)
from reid_align.evaluation.evaluation_result import (
    EvaluationResult,
    QueryScore,
    ScoreRow,
    Verification,
)
from reid_align.evaluation.evaluator import evaluate
from reid_align.evaluation.feature_extraction import adapt_to_dataset, dataset_features
from reid_align.evaluation.feature_paths import relocate_features
from reid_align.evaluation.feature_processing import FeatureProcessing
from reid_align.evaluation.label_checks import check_labels

__all__ = [
    "EvaluationOptions",
    "EvaluationResult",
    "FeatureProcessing",
    "QueryScore",
    "ScoreRow",
    "Verification",
    "adapt_to_dataset",
    "check_labels",
    "check_options",
    "dataset_features",
    "evaluate",
    "json_report",
    "markdown_report",
    "query_table",
    "relocate_features",
    "text_report",
]
