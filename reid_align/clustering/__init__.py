"""Clustering: from images or tracklets to identities."""

from reid_align.clustering.average_linkage import cluster_features
from reid_align.clustering.cluster_outputs import cluster_report, cluster_sheet, ids_table
from reid_align.clustering.cluster_scores import ClusterScores, score_clusters
from reid_align.clustering.image_groups import (
    ImageGroups,
    groups_of_folders,
    groups_of_pattern,
    groups_of_table,
)

__all__ = [
    "ClusterScores",
    "ImageGroups",
    "cluster_features",
    "cluster_report",
    "cluster_sheet",
    "groups_of_folders",
    "groups_of_pattern",
    "groups_of_table",
    "ids_table",
    "score_clusters",
]
