"""DSA-reID: a stream of aligned part images guides the stream that reads the whole image.

Source: DSA-reID, CVPR 2019, sections 3.2 and 4.2.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from torch import Tensor, nn

from reid_align.batches.batch import Batch, BatchSpec
from reid_align.errors import InvalidInputError
from reid_align.heads import AddFusion, ConcatFusion, TwoLayerClassifier
from reid_align.losses import BatchHardTriplet, SupervisedContrast, identity_loss
from reid_align.models import Encoder
from reid_align.tasks.guiding_stream import GLOBAL, LOCAL, GuideConfig, guide_product
from reid_align.tasks.loss_settings import require_amounts, require_choices
from reid_align.tasks.loss_sums import counted, total, weighted
from reid_align.tasks.main_classifiers import MainClassifiers
from reid_align.tasks.supervision import gathered_contrast, gathered_triplet
from reid_align.tasks.task_config import REID, EncoderConfig, EncoderTaskConfig
from reid_align.tasks.training_features import read_features
from reid_align.training.group import ProcessGroup
from reid_align.training.task import MAIN, Losses, Product, StepContext, Task

DSA = EncoderConfig("dsa_reid")


@dataclass(frozen=True)
class DsaConfig(EncoderTaskConfig):
    """What DSA-reID minimizes.

    Attributes:
        encoder: the main stream; its argument ``branches`` says which branches are trained.
        guide: the guiding stream. Without one (part_images "none"), the triplet losses are those of
            the main stream's features, and the only identity losses those on them.
        fusion: "add", or "concat_fc" (table 5 of the paper).
        main_identity_weight: of the identity losses on the main stream's features alone.
        fused_identity_weight: of those on the fused features.
        triplet_weight: of the triplet losses on the fused features.
        main_local_reduction: how the identity losses of the eight local features become one: their
            "mean", or the "sum"; the paper does not say.
        label_smoothing: ε of all identity losses.
        margin: of the triplet losses.
        hidden_dim: of the classifiers' first layer.
        contrast_weight: of the supervised contrastive losses of the fused features, without a
            guiding stream of the main stream's, one for each branch, behind a BN-neck where there
            is one; the paper does not have them. 0 leaves them out.
        main_contrast_weight: of the same losses of the main stream's features alone, beside those
            of the fused ones.
        temperature: of those losses.
        own_camera_weight: of other persons' images by the own camera in those losses; not 0.

    Raises:
        InvalidInputError: a weight, margin, ε or temperature that a loss cannot have, or no weight;
            or ``main_contrast_weight`` without a guiding stream.
        UnknownNameError: another fusion or reduction.
    """

    encoder: EncoderConfig = DSA
    guide: GuideConfig = field(default_factory=GuideConfig)
    fusion: Literal["add", "concat_fc"] = "add"
    main_identity_weight: float = 0.5
    fused_identity_weight: float = 1.0
    triplet_weight: float = 1.5
    main_local_reduction: Literal["mean", "sum"] = "mean"
    label_smoothing: float = 0.1
    margin: float = 0.3
    hidden_dim: int = 512
    contrast_weight: float = 0.0
    main_contrast_weight: float = 0.0
    temperature: float = 0.1
    own_camera_weight: float = 1.0

    def __post_init__(self) -> None:
        require_choices(self)
        require_amounts(self)
        if self.main_contrast_weight and not self.guided:
            raise InvalidInputError(
                f"main_contrast_weight={self.main_contrast_weight} without a guiding stream: there "
                "contrast_weight is that of the main stream's features."
            )
        if not any(self.weights.values()):
            raise InvalidInputError(
                "No loss of DSA-reID has a weight: give one of them more than 0."
            )

    @property
    def guided(self) -> bool:
        """Whether there is a guiding stream."""
        return self.guide.part_images != "none"

    @property
    def weights(self) -> Mapping[str, float]:
        """The weight of each loss by its name; one whose weight is 0 is not computed."""
        return {
            "main_identity": self.main_identity_weight,
            "triplet": self.triplet_weight,
            "fused_identity": self.fused_identity_weight if self.guided else 0.0,
            "contrast": self.contrast_weight,
            "main_contrast": self.main_contrast_weight,
        }

    def batch_specs(self) -> Mapping[str, BatchSpec]:
        """Return what the reID batches must hold: the part images."""
        return {REID: BatchSpec(part_images=self.guide.part_images)}

    def build(self, identities: int) -> "DsaTask":
        """Build the task with random weights."""
        return DsaTask(self, identities)


class DsaTask(Task):
    """Both streams of DSA-reID, what fuses them, and a classifier for each supervised feature.

    Args:
        config: the losses.
        identities: how many persons there are.
    """

    encoder: Encoder

    def __init__(self, config: DsaConfig, identities: int) -> None:
        super().__init__()
        self.config = config
        self.encoder = config.encoder.build()
        chosen = self.encoder.arch_args.get("branches", "both")
        self.branches = (GLOBAL, LOCAL) if chosen == "both" else (str(chosen),)
        length = self.encoder.feature_dim // len(self.branches)
        self.guide = config.guide.build(length, self.branches) if config.guided else None
        fused = self.branches if config.guided else ()
        self.fusions = nn.ModuleDict({name: _fusion(config, length) for name in fused})
        # One classifier for each of f_G and f_L,1 to f_L,8, and for each of z_G and z_L.
        self.main_classifiers = MainClassifiers(
            self.branches, length, identities, config.hidden_dim, config.main_local_reduction
        )
        self.fused_classifiers = nn.ModuleDict(
            {name: TwoLayerClassifier(length, identities, config.hidden_dim) for name in fused}
        )
        self._identity = identity_loss(config.label_smoothing)
        self._triplet = BatchHardTriplet(config.margin)
        self._contrast = SupervisedContrast(config.temperature, config.own_camera_weight)

    def batch_specs(self) -> Mapping[str, BatchSpec]:
        """Return what the reID batches must hold."""
        return self.config.batch_specs()

    def losses(self, stream: str, batch: Batch, context: StepContext) -> Losses:
        """Compute the losses of one batch."""
        features = read_features(self.encoder, self.encoder.forward_maps(batch.images))
        guides = self._read_guides(batch)
        fused = self._fuse(features.metric, guides)
        terms = counted(
            {
                "main_identity": lambda: self.main_classifiers.loss(
                    self._by_branch(features.identity), batch.person_ids, self._identity
                ),
                "triplet": lambda: self._triplets(fused, batch.person_ids, context.group),
                "fused_identity": lambda: self._fused_identity(fused, batch.person_ids),
                "contrast": lambda: self._contrasts(
                    self._fuse(features.identity, guides), batch, context.group
                ),
                "main_contrast": lambda: self._contrasts(
                    self._by_branch(features.identity), batch, context.group
                ),
            },
            self.config.weights,
        )
        return Losses({MAIN: weighted(terms, self.config.weights)}, terms)

    def products(self) -> Mapping[str, Product]:
        """Return the encoder, and the guiding stream where there is one."""
        if self.guide is None:
            return super().products()
        return {**super().products(), "dsag_stream": guide_product(self.guide)}

    def fused_features(self, batch: Batch) -> dict[str, Tensor]:
        """Compute z_G and z_L of a batch, (N, D/2) each, as "global" and "local".

        Without a guiding stream they are f_G and f_L.
        """
        features = read_features(self.encoder, self.encoder.forward_maps(batch.images))
        return self._fuse(features.metric, self._read_guides(batch))

    def _read_guides(self, batch: Batch) -> Mapping[str, Tensor]:
        """Compute d_G and d_L, or nothing without a guiding stream."""
        return {} if self.guide is None else self.config.guide.read(self.guide, batch)

    def _fuse(self, features: Tensor, guides: Mapping[str, Tensor]) -> dict[str, Tensor]:
        main = self._by_branch(features)
        return main | {name: fuse(main[name], guides[name]) for name, fuse in self.fusions.items()}

    def _triplets(
        self, fused: Mapping[str, Tensor], person_ids: Tensor, group: ProcessGroup
    ) -> Tensor:
        return total(gathered_triplet(self._triplet, z, person_ids, group) for z in fused.values())

    def _fused_identity(self, fused: Mapping[str, Tensor], person_ids: Tensor) -> Tensor:
        return total(
            self._identity(classifier(fused[name]), person_ids)
            for name, classifier in self.fused_classifiers.items()
        )

    def _contrasts(
        self, compared: Mapping[str, Tensor], batch: Batch, group: ProcessGroup
    ) -> Tensor:
        return total(
            gathered_contrast(self._contrast, part, batch.person_ids, batch.camera_ids, group)
            for part in compared.values()
        )

    def _by_branch(self, features: Tensor) -> dict[str, Tensor]:
        pieces = features.chunk(len(self.branches), dim=1)
        return dict(zip(self.branches, pieces, strict=True))


def _fusion(config: DsaConfig, length: int) -> nn.Module:
    return AddFusion() if config.fusion == "add" else ConcatFusion(length)
