"""Write the tables of the page "Models and weights" from the registry and the manifest.

The tables go to docs/_generated/, from where the page includes them.
"""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import torch
from sphinx.application import Sphinx

from reid_align.models.model_factory import MODELS
from reid_align.weights import find_manifest

Row = Iterable[object]
FAMILIES = {
    "san": "SAN, [AAAI 2020](https://arxiv.org/abs/1905.13143)",
    "dsa": "DSA-reID, [CVPR 2019](https://arxiv.org/abs/1812.08967)",
    "baseline": "baseline of both papers",
    "osnet": "OSNet of torchreid, [ICCV 2019](https://arxiv.org/abs/1905.00953)",
    "fastreid": "fast-reid",
    "strong_baseline": "reid-strong-baseline",
    "layumi": "Person_reID_baseline_pytorch",
}
BACKBONES = {
    "resnet14": "ResNet-14: the first block of each ResNet-50 stage",
    "densenet121": "DenseNet-121",
    "efficientnet_lite0": "EfficientNet-Lite0",
    "efficientnet_lite2": "EfficientNet-Lite2",
    "mobilenet_v2": "MobileNetV2",
}


def markdown_table(head: Row, rows: Iterable[Row]) -> str:
    """Return a Markdown table."""
    lines = [head, ("---" for _ in head), *rows]
    return "".join(f"| {' | '.join(str(cell) for cell in line)} |\n" for line in lines)


def architectures() -> str:
    """Return one row per architecture: family, backbone, feature dimension and parameters."""
    rows = []
    for name in MODELS:
        for arguments in ({}, {"head": "fc512"}) if name == "san_resnet50" else ({},):
            with torch.device("meta"):
                encoder = MODELS[name](**arguments)
            count = sum(parameter.numel() for parameter in encoder.parameters())
            label = f'`{name}(head="fc512")`' if arguments else f"`{name}`"
            family, backbone = _parts(name)
            rows.append((family, count, label, backbone, encoder.feature_dim))
    rows.sort(key=lambda row: (list(FAMILIES).index(row[0]), row[1]))
    cells = [
        (label, FAMILIES[family], backbone, f"{dimension:,}", f"{count:,}")
        for family, count, label, backbone, dimension in rows
    ]
    head = ("architecture", "family", "backbone", "dimension", "parameters")
    return markdown_table(head, cells)


def weights() -> str:
    """Return one section per entry of the manifest: facts and measured results."""
    entries = json.loads(Path(find_manifest()).read_text("utf-8"))["weights"]
    return "\n".join(_weights_section(name, entry) for name, entry in entries.items())


def _weights_section(name: str, entry: dict[str, Any]) -> str:
    size = entry["preprocess"]
    facts = [
        ("architecture", f"`{entry['architecture']}`, {_arguments(entry['arch_args'])}"),
        ("parameters", f"{entry['parameters']:,}"),
        ("feature dimension", f"{entry['feature_dim']:,}" if entry["feature_dim"] else ""),
        ("image", f"{size['height']}×{size['width']} (height × width)" if size else ""),
        ("file", f"{entry['bytes'] / 2**20:.1f} MiB, {entry['dtype']}"),
        ("training data", "; ".join(data["name"] for data in entry["training_data"])),
        ("training cost", entry["recipe"]["cost"]),
        ("recipe", f"`{entry['recipe']['name']}` at commit `{entry['recipe']['commit'][:8]}`"),
        ("license", entry["license"]),
    ]
    results = [
        (
            one["dataset"],
            one.get("note") or "",
            _percent(one.get("rank1")),
            _percent(one.get("mAP")),
        )
        for one in entry["metrics"]
    ]
    default = ", the default of its architecture" if entry["default"] else ""
    return (
        f"### `{name}`{default}\n\n"
        + markdown_table(("", ""), facts)
        + "\n"
        + markdown_table(("dataset", "features and distance", "rank-1, %", "mAP, %"), results)
    )


def _arguments(arguments: dict[str, Any]) -> str:
    return ", ".join(f"`{name}={value!r}`" for name, value in arguments.items()) or "default"


def _percent(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}"


def _parts(name: str) -> tuple[str, str]:
    if name == "dsa_reid":
        return "dsa", "ResNet-50"
    if name.endswith("_baseline"):
        family, backbone = "baseline", name.removesuffix("_baseline")
    else:
        family = next(one for one in FAMILIES if name.startswith(f"{one}_"))
        backbone = name.removeprefix(f"{family}_")
    if family == "osnet":
        return family, f"OSNet {backbone.replace('_', ' ', backbone.count('_') - 1)}"
    return family, BACKBONES.get(backbone) or backbone.replace("resnet", "ResNet-")


TABLES: dict[str, Callable[[], str]] = {"architectures": architectures, "weights": weights}


def write_tables(app: Sphinx) -> None:
    """Write every table; Sphinx calls this before it reads the pages."""
    folder = Path(app.srcdir) / "_generated"
    folder.mkdir(exist_ok=True)
    for name, make in TABLES.items():
        path, text = folder / f"{name}.md", make()
        if not path.exists() or path.read_text("utf-8") != text:
            path.write_text(text, "utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the extension."""
    app.connect("builder-inited", write_tables)
    return {"parallel_read_safe": True}
