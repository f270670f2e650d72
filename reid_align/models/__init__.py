"""Encoders: SAN, DSA-reID, the baseline, and the networks of other libraries.

Names follow one rule: ``{method}_{backbone}`` (``san_resnet50``, ``dsa_resnet18``) and
``{backbone}_baseline`` (``resnet50_baseline``). The one exception is ``dsa_reid``, DSA-reID on the
paper's ResNet-50. Networks of other libraries have the names used there (``osnet_x1_0``) or start
with the library (``fastreid_resnet50``). Published weights append a tag:
``san_resnet50.synthetic``.

`models.dense_uv_network`, the dense pose estimator, is not imported here.
"""

from reid_align.models import dsa_light_encoder as dsa_light_encoder
from reid_align.models import osnet as osnet
from reid_align.models.densenet import DenseNetEncoder
from reid_align.models.dsa_encoder import DsaEncoder, dsa_reid
from reid_align.models.encoder import Encoder
from reid_align.models.foreign_resnet import ForeignResNet
from reid_align.models.mobilenet_v2 import san_mobilenet_v2
from reid_align.models.model_factory import create_model, list_models, list_weights
from reid_align.models.pretrained import from_pretrained, push_to_hub, save_pretrained
from reid_align.models.san_encoder import SanEncoder, resnet50_baseline, san_resnet50

__all__ = [
    "DenseNetEncoder",
    "DsaEncoder",
    "Encoder",
    "ForeignResNet",
    "SanEncoder",
    "create_model",
    "dsa_reid",
    "from_pretrained",
    "list_models",
    "list_weights",
    "push_to_hub",
    "resnet50_baseline",
    "san_mobilenet_v2",
    "san_resnet50",
    "save_pretrained",
]
