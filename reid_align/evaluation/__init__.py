"""Score features on a benchmark: dataset and features in, a frozen result out."""

from reid_align.evaluation.features import adapt_to_dataset, dataset_features
from reid_align.evaluation.measure import EvaluationOptions, check_options
from reid_align.evaluation.report import json_report, markdown_report, query_table, text_report
from reid_align.evaluation.result import QueryScore, Result, Score, Verification
from reid_align.evaluation.run import evaluate

__all__ = [
    "EvaluationOptions",
    "QueryScore",
    "Result",
    "Score",
    "Verification",
    "adapt_to_dataset",
    "check_options",
    "dataset_features",
    "evaluate",
    "json_report",
    "markdown_report",
    "query_table",
    "text_report",
]
