"""DSA-reID: a guiding stream of aligned part images supervises the stream of the whole image.

Source: DSA-reID, CVPR 2019, sections 3.2 and 4.2.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import ClassVar, Literal

from torch import Tensor, nn

from reid_align.batches.batch import Batch, BatchSpec
from reid_align.errors import InvalidInputError
from reid_align.heads import AddFusion, ConcatFusion
from reid_align.models import Encoder
from reid_align.tasks.guiding_stream import GLOBAL, LOCAL, GuideConfig, guide_product, name_fused
from reid_align.tasks.loss_ranges import require_loss_ranges
from reid_align.tasks.loss_sums import compute_weighted_terms, sum_losses, weighted_sum
from reid_align.tasks.main_classifiers import MainClassifiers
from reid_align.tasks.supervision import ReidLosses, SupervisionConfig
from reid_align.tasks.task_config import REID, ConfiguredTask, EncoderConfig, EncoderTaskConfig
from reid_align.tasks.training_features import compute_training_features
from reid_align.training.distributed import ProcessGroup
from reid_align.training.task_interface import MAIN, Losses, Product, StepContext
from reid_align.typed_reading import require_choices

DSA = EncoderConfig("dsa_reid")
FUSED = SupervisionConfig(1.0, 1.5, classifier="two_layer")
SMOKE_HIDDEN = 64


@dataclass(frozen=True)
class DsaConfig(EncoderTaskConfig):
    """Settings of DSA-reID.

    Attributes:
        encoder: the main stream; its argument ``branches`` selects the trained branches.
        guide: the guiding stream. Without one (part_images "none"), the triplet and contrastive
            losses are those of the main stream's features, and the only identity losses are those
            of the main stream.
        fusion: "add", or "concat_fc" (table 5 of the paper).
        supervision: the losses of the fused features of each branch. Its label smoothing and its
            classifier also apply to the main stream, its temperature and ``own_camera_weight`` to
            ``main_contrast_weight``. Contrastive losses read features behind a BN-neck, if there
            is one; the paper does not have them.
        main_identity_weight: of the identity losses of the main stream's features.
        main_local_reduction: "mean" or "sum" over the identity losses of the eight local features;
            the paper does not say which.
        hidden_dim: of the first layer of two-layer classifiers.
        main_contrast_weight: of the contrastive losses of the main stream's features, in addition
            to those of the fused features.

    Raises:
        InvalidInputError: a weight that is negative or not finite, no loss with a weight, or
            ``main_contrast_weight`` without a guiding stream.
        UnknownNameError: another fusion or reduction.
    """

    renamed_settings: ClassVar[Mapping[str, str]] = {
        "fused_identity_weight": "supervision.identity_weight",
        **{
            name: f"supervision.{name}"
            for name in (
                "triplet_weight",
                "label_smoothing",
                "margin",
                "contrast_weight",
                "temperature",
                "own_camera_weight",
            )
        },
    }

    encoder: EncoderConfig = DSA
    guide: GuideConfig = field(default_factory=GuideConfig)
    fusion: Literal["add", "concat_fc"] = "add"
    supervision: SupervisionConfig = FUSED
    main_identity_weight: float = 0.5
    main_local_reduction: Literal["mean", "sum"] = "mean"
    hidden_dim: int = 512
    main_contrast_weight: float = 0.0

    def __post_init__(self) -> None:
        require_choices(self)
        require_loss_ranges(self)
        if self.main_contrast_weight and not self.guided:
            raise InvalidInputError(
                f"main_contrast_weight={self.main_contrast_weight} without a guiding stream: set "
                "supervision.contrast_weight instead, which then applies to the main stream's "
                "features."
            )
        if not any(self.weights.values()):
            raise InvalidInputError(
                "All loss weights of DSA-reID are 0, and nothing would be learned. Set at least "
                "one of them above 0."
            )

    @property
    def guided(self) -> bool:
        """Whether there is a guiding stream."""
        return self.guide.part_images != "none"

    @property
    def weights(self) -> Mapping[str, float]:
        """The weight of each loss by its name; a loss with weight 0 is not computed."""
        fused = self.supervision
        return {
            "main_identity": self.main_identity_weight,
            "triplet": fused.triplet_weight,
            "fused_identity": fused.identity_weight if self.guided else 0.0,
            "contrast": fused.contrast_weight,
            "main_contrast": self.main_contrast_weight,
        }

    def batch_specs(self) -> Mapping[str, BatchSpec]:
        """Return the content of the reID batches: the part images."""
        return {REID: BatchSpec(part_images=self.guide.part_images)}

    def build(self, identities: int) -> "DsaTask":
        """Build the task with random weights."""
        return DsaTask(self, identities)

    def smoke_test(self) -> "DsaConfig":
        """Return the same task with small networks and images of 64×32 pixels."""
        return replace(super().smoke_test(), guide=self.guide.smoke_test(), hidden_dim=SMOKE_HIDDEN)


class DsaTask(ConfiguredTask):
    """Both streams of DSA-reID, their fusion, and a classifier for each supervised feature.

    Args:
        config: the settings.
        identities: number of training identities.
    """

    config: DsaConfig
    encoder: Encoder

    def __init__(self, config: DsaConfig, identities: int) -> None:
        super().__init__(config)
        self.encoder = config.encoder.build()
        chosen = self.encoder.arch_args.get("branches", "both")
        self.branches = (GLOBAL, LOCAL) if chosen == "both" else (str(chosen),)
        length = self.encoder.feature_dim // len(self.branches)
        self.has_fused_features = config.guided
        self.guide = config.guide.build(length, self.branches) if config.guided else None
        fused = self.branches if config.guided else ()
        self.fusions = nn.ModuleDict({name: _build_fusion(config, length) for name in fused})
        build = partial(
            config.supervision.build_classifier,
            identities=identities,
            hidden_dim=config.hidden_dim,
        )
        # One classifier for each of f_G and f_L,1 to f_L,8, and for each of z_G and z_L.
        self.main_classifiers = MainClassifiers(
            self.branches, length, build, config.main_local_reduction
        )
        self.fused_classifiers = nn.ModuleDict({name: build(length) for name in fused})
        self._losses = ReidLosses(config.supervision)

    def losses(self, stream: str, batch: Batch, context: StepContext) -> Losses:
        """Compute the losses of one batch."""
        maps = self.encoder.forward_maps(batch.images)
        features = compute_training_features(self.encoder, maps)
        guides = self._compute_guides(batch)
        fused = self._fuse(features.metric, guides)
        terms = compute_weighted_terms(
            {
                "main_identity": lambda: self.main_classifiers.loss(
                    self._by_branch(features.identity), batch.person_ids, self._losses.identity
                ),
                "triplet": lambda: self._triplet(fused, batch, context.group),
                "fused_identity": lambda: self._fused_identity(fused, batch),
                "contrast": lambda: self._contrast(
                    self._fuse(features.identity, guides), batch, context.group
                ),
                "main_contrast": lambda: self._contrast(
                    self._by_branch(features.identity), batch, context.group
                ),
            },
            self.config.weights,
        )
        return Losses({MAIN: weighted_sum(terms, self.config.weights)}, terms)

    def products(self) -> Mapping[str, Product]:
        """Return the encoder, and the guiding stream if there is one."""
        if self.guide is None:
            return super().products()
        return {**super().products(), "dsag_stream": guide_product(self.guide)}

    def fused_features(self, batch: Batch) -> dict[str, Tensor]:
        """Compute z_G and z_L of a batch, (N, D/2) each, as "z_G" and "z_L".

        Without a guiding stream they are f_G and f_L.
        """
        maps = self.encoder.forward_maps(batch.images)
        features = compute_training_features(self.encoder, maps)
        return name_fused(self._fuse(features.metric, self._compute_guides(batch)))

    def _compute_guides(self, batch: Batch) -> Mapping[str, Tensor]:
        """Compute d_G and d_L; empty without a guiding stream."""
        return {} if self.guide is None else self.config.guide.compute_guides(self.guide, batch)

    def _fuse(self, features: Tensor, guides: Mapping[str, Tensor]) -> dict[str, Tensor]:
        main = self._by_branch(features)
        return main | {name: fuse(main[name], guides[name]) for name, fuse in self.fusions.items()}

    def _triplet(self, fused: Mapping[str, Tensor], batch: Batch, group: ProcessGroup) -> Tensor:
        return sum_losses(self._losses.triplet(z, batch.person_ids, group) for z in fused.values())

    def _fused_identity(self, fused: Mapping[str, Tensor], batch: Batch) -> Tensor:
        return sum_losses(
            self._losses.identity(classifier(fused[name]), batch.person_ids)
            for name, classifier in self.fused_classifiers.items()
        )

    def _contrast(
        self, compared: Mapping[str, Tensor], batch: Batch, group: ProcessGroup
    ) -> Tensor:
        return sum_losses(
            self._losses.contrast(part, batch.person_ids, batch.camera_ids, group)
            for part in compared.values()
        )

    def _by_branch(self, features: Tensor) -> dict[str, Tensor]:
        pieces = features.chunk(len(self.branches), dim=1)
        return dict(zip(self.branches, pieces, strict=True))


def _build_fusion(config: DsaConfig, length: int) -> nn.Module:
    return AddFusion() if config.fusion == "add" else ConcatFusion(length)
