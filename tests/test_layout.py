"""Allowed imports between the parts of the package, including imports inside functions."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import reid_align

PACKAGE = Path(reid_align.__file__).parent
BASE = {
    "errors",
    "cores",
    "csv_text",
    "files",
    "interrupts",
    "progress",
    "registry",
    "typed_reading",
    "preprocess",
    "images",
    "body_atlas",
    "uv",
}
ALLOWED = {
    "errors": set(),
    "checks": {"errors"},
    "cores": set(),
    "csv_text": set(),
    "files": {"errors"},
    "interrupts": set(),
    "progress": set(),
    "worker_processes": {"errors"},
    "typed_reading": {"errors"},
    "registry": {"errors"},
    "filters": set(),
    "preprocess": {"errors", "filters", "typed_reading"},
    "images": {"errors"},
    "body_atlas": set(),
    "uv": {"errors", "files", "preprocess", "body_atlas"},
    "metrics": {"errors"},
    "shards": {"errors", "files"},
    "shard_set": {"errors", "files", "shards"},
    "synth": {
        "errors",
        "cores",
        "files",
        "interrupts",
        "progress",
        "shards",
        "shard_set",
        "body_atlas",
        "synth.array_types",
        "synth.rendering",
        "synth.body",
        "synth.appearance",
        "synth.scenes",
        "synth.views",
    },
    "synth.rendering": {"errors", "synth.array_types"},
    "synth.body": {"errors", "body_atlas", "synth.array_types", "synth.rendering"},
    "synth.appearance": {"synth.array_types", "synth.rendering", "synth.body"},
    "synth.scenes": {"synth.array_types", "synth.rendering"},
    "synth.views": {
        "synth.array_types",
        "synth.rendering",
        "synth.body",
        "synth.appearance",
        "synth.scenes",
    },
    "losses": {"errors", "checks"},
    "weights": BASE,
    "models": BASE | {"weights"},
    "heads": BASE | {"weights", "models.resnet_blocks", "models.encoder"},
    "viz": {"errors", "files", "images", "uv"},
    "unwrapping": BASE | {"weights", "models", "heads", "inference", "viz"},
    "inference": BASE
    | {
        "models.encoder",
        "models.light_encoder",
        "models.norms",
        "models.resnet",
        "models.resnet_blocks",
        # Metadata of exported files.
        "weights",
    },
    "exporting": BASE | {"__version__", "features", "inference", "models.encoder", "weights"},
    "features": BASE | {"inference", "metrics", "models.encoder", "weights"},
    "bulk": BASE | {"checks", "features", "inference", "models.encoder"},
    "explanation": BASE | {"features", "inference", "models", "viz"},
    "datasets": BASE | {"shards", "shard_set"},
    "batches": BASE | {"checks", "datasets", "shards", "shard_set", "worker_processes"},
    "evaluation": {
        "csv_text",
        "errors",
        "checks",
        "progress",
        "datasets",
        "features",
        "images.image_addresses",
        "metrics",
        "models.encoder",
        "viz.ranked_lists",
    },
    "retrieval": BASE
    | {"checks", "features", "inference", "metrics", "models", "viz", "weights.weights_source"}
    # Only the resolver, which reads a stored gallery.
    | {"galleries"},
    "galleries": BASE | {"checks", "features", "models.encoder", "retrieval"},
    "conversion": BASE | {"weights", "models", "heads"},
    "publishing": BASE | {"weights", "models", "heads", "features"},
    "training": {
        "errors",
        "typed_reading",
        "checks",
        "files",
        "progress",
        "preprocess",
        "batches.batch",
        "inference",
        "models.encoder",
        "weights",
        "viz",
        "worker_processes",
    },
    "tasks": {
        "errors",
        "typed_reading",
        "checks",
        "preprocess",
        "uv",
        "weights",
        "models",
        "heads",
        "losses",
        "batches.batch",
        "training.task_interface",
        "training.distributed",
    },
    "recipes": BASE
    | {
        "weights",
        "models",
        "datasets",
        "batches",
        "features",
        "inference",
        "metrics",
        "evaluation",
        "training",
        "tasks",
        "unwrapping",
    },
    "calibration": {
        "errors",
        "checks",
        "files",
        "typed_reading",
        "metrics",
        "features",
        "viz.line_charts",
    },
    "clustering": {"errors", "csv_text", "checks", "images", "metrics.distance", "viz"},
    "self_training": BASE | {"checks", "features", "metrics", "models", "recipes", "weights"},
    "cli": {"errors", "files", "interrupts"},
    "cli.camera_arguments": {"images", "retrieval"},
    "cli.encoder_choice": {"errors", "inference.exported", "models", "weights"},
    "cli.export_images": {"images"},
    "cli.evaluate_inputs": {"cli", "datasets", "errors", "evaluation", "features", "inference"},
    "cli.search_inputs": {
        "calibration",
        "cli",
        "errors",
        "features",
        "galleries",
        "images",
        "models.encoder",
        "progress",
        "retrieval",
    },
    "cli.feature_outputs": {
        "bulk",
        "cli",
        "errors",
        "features",
        "images",
        "models.encoder",
    },
    "cli.gallery_commands": {
        "cli",
        "csv_text",
        "errors",
        "features",
        "galleries",
        "images",
        "progress",
        "retrieval",
    },
    "cli.search_outputs": {"cli", "retrieval"},
    "cli.ranked_outputs": {"cli", "files", "images", "viz"},
    "cli.train_report": {"training"},
    "cli.fine_tuning_report": {"recipes", "training"},
    "cli.calibrate_inputs": {
        "calibration",
        "cli",
        "datasets",
        "errors",
        "evaluation",
        "features",
        "metrics",
        "progress",
    },
    "cli.cluster_inputs": {
        "cli",
        "calibration",
        "clustering",
        "errors",
        "features",
        "images",
        "progress",
    },
    "cli.convert_commands": {"conversion", "errors", "typed_reading", "weights"},
    "cli.publish_commands": {"errors", "progress", "publishing", "weights"},
    "cli.shown_images": {"errors", "images"},
    "cli.show_sheet": {"cli", "viz"},
    "cli.show_curves": {"cli", "errors", "viz"},
    "cli.show_map": {"cli", "errors", "features", "galleries", "progress", "retrieval", "viz"},
    "cli.show_parts": {"cli", "errors", "inference", "progress", "unwrapping", "uv", "viz"},
    "cli.show_texture": {"cli", "inference", "progress", "unwrapping", "viz"},
    "__init__": {"features", "galleries", "models", "retrieval"},
    "__main__": {"VERBS", "cli"},
    "unwrap": {"cli", "inference", "unwrapping"},
    "export": {"cli", "errors", "exporting", "progress"},
    "explain": {"cli", "errors", "explanation", "features", "files", "progress"},
    "show": {"cli"},
    "train": {"cli", "errors", "recipes", "training"},
    "selftrain": {"cli", "errors", "images", "models", "recipes", "self_training", "weights"},
    "convert": {"cli", "errors"},
    "publish": {"cli"},
    "synthesize": {"cli", "errors", "shard_set", "synth"},
    "extract": {"cli", "errors", "features", "images", "models"},
    "gallery": {"cli", "errors"},
    "join": {"cli", "errors", "features"},
    "search": {"cli", "errors"},
    "calibrate": {"calibration", "cli", "errors", "progress"},
    "demo": {"cli", "errors"},
    "demo_page": BASE
    | {"calibration", "checks", "explanation", "features", "retrieval", "unwrapping"}
    | {"models.encoder"},
    "cli.demo_start": {
        "calibration",
        "cli",
        "demo_page",
        "errors",
        "features",
        "files",
        "galleries",
        "inference",
        "retrieval",
        "unwrapping",
    },
    "serve": {"cli", "errors"},
    "service": BASE
    | {"__version__", "calibration", "checks", "features", "galleries", "inference", "retrieval"}
    | {"models.encoder"},
    "cli.service_start": {
        "calibration",
        "cli",
        "errors",
        "features",
        "galleries",
        "service",
    },
    "verify": {"calibration", "cli", "errors", "features", "files"},
    "cluster": {"cli", "clustering", "errors", "files", "progress"},
    "evaluate": {"cli", "datasets", "errors", "evaluation", "progress"},
}
FILES = sorted(PACKAGE.rglob("*.py"))


def imported_by(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file} imports relatively"
            if node.module == "reid_align":
                # A name imported from the package may be any of its modules.
                yield from (f"reid_align.{alias.name}" for alias in node.names)
            else:
                yield str(node.module)


def part_of(file: Path) -> str:
    parts = file.relative_to(PACKAGE).with_suffix("").parts
    inner = ".".join(parts[:2])
    return inner if inner in ALLOWED else parts[0]


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_imports_follow_the_table(file: Path) -> None:
    part = part_of(file)
    allowed = ALLOWED[part] | {part}
    for name in imported_by(file):
        if name.startswith("reid_align.") and name != "reid_align.__version__":
            inside = name.removeprefix("reid_align.")
            assert any(inside == a or inside.startswith(f"{a}.") for a in allowed), name


def test_an_import_from_the_package_counts_as_its_module(tmp_path: Path) -> None:
    file = tmp_path / "errors.py"
    file.write_text("from reid_align import __version__, train\nfrom reid_align.models import san")
    found = ["reid_align.__version__", "reid_align.train", "reid_align.models"]
    assert list(imported_by(file)) == found


def test_every_row_of_the_table_is_used() -> None:
    assert {part_of(file) for file in FILES} == set(ALLOWED)


def test_other_parts_import_the_generator_through_its_package_only() -> None:
    inner = {
        str(file.relative_to(PACKAGE)): name
        for file in FILES
        if part_of(file).split(".")[0] != "synth"
        for name in imported_by(file)
        if name.startswith("reid_align.synth.")
    }
    assert not inner


def loaded_after(code: str) -> set[str]:
    script = f"{code}\nimport sys; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert not done.stderr
    return set(done.stdout.split())


def test_importing_the_package_loads_no_dependency() -> None:
    loaded = loaded_after("import reid_align")
    assert not loaded & {"torch", "numpy", "PIL", "huggingface_hub"}


@pytest.mark.parametrize(
    ("code", "more"),
    [
        (
            "import numpy as np\n"
            "from reid_align import extract_features, san_resnet50\n"
            "image = np.zeros((64, 32, 3), np.uint8)\n"
            "extract_features([image], san_resnet50(), device='cpu', channel_order='rgb')",
            set(),
        ),
        (
            "import runpy, sys, tempfile\n"
            "from PIL import Image\n"
            "with tempfile.TemporaryDirectory() as folder:\n"
            "    Image.new('RGB', (32, 64)).save(f'{folder}/image.png')\n"
            "    sys.argv = ['extract', folder, '-o', f'{folder}/feats.npy', '--device', 'cpu']\n"
            "    sys.stderr = sys.stdout\n"
            "    try:\n"
            "        runpy.run_module('reid_align.extract', run_name='__main__')\n"
            "    except SystemExit as end:\n"
            "        assert not end.code",
            {"cli"},
        ),
    ],
    ids=["function", "command"],
)
def test_extraction_loads_only_the_parts_it_needs(code: str, more: set[str]) -> None:
    loaded = loaded_after(code)
    parts = {name.split(".")[1] for name in loaded if name.startswith("reid_align.")}
    assert parts == more | {
        "errors",
        "cores",
        "csv_text",
        "files",
        "filters",
        "interrupts",
        "progress",
        "registry",
        "typed_reading",
        "preprocess",
        "images",
        "weights",
        "models",
        "features",
        "inference",
    }
    assert not {name.split(".")[0] for name in loaded} & {
        "torchvision",
        "huggingface_hub",
        "scipy",
        "h5py",
        "sklearn",
        "matplotlib",
    }


def test_generating_synthetic_people_loads_no_torch() -> None:
    # torch would cost each process 500 MB.
    assert "torch" not in loaded_after("import reid_align.synth")
