"""Start of the web page from the arguments of the demo command."""

import sys
from argparse import Namespace
from importlib.util import find_spec
from pathlib import Path

from reid_align.calibration import find_calibration
from reid_align.cli.encoder_choice import select_encoder
from reid_align.demo_page import DemoEngine, PairLabeling
from reid_align.errors import InvalidInputError, MissingExtraError
from reid_align.features import ExtractOptions, is_feature_file
from reid_align.files import check_writable
from reid_align.galleries import is_gallery
from reid_align.inference.device import resolve_device
from reid_align.retrieval import load_gallery, recorded_encoder, recorded_options
from reid_align.unwrapping import default_unwrap_weights, load_unwrapper


def start_demo(args: Namespace) -> None:
    """Serve the page until the process is interrupted.

    Raises:
        MissingExtraError: Gradio is not installed.
        InvalidInputError: options that do not apply, or an address that cannot be used.
    """
    if find_spec("gradio") is None:
        raise MissingExtraError("gradio", "demo", "The page")
    if args.adapt:
        raise InvalidInputError("--adapt: extract the gallery with extract --adapt, and give it.")
    if args.pairs is not None:
        check_writable(Path(args.pairs))
    engine = demo_engine(args)
    labeling = None
    if args.pairs is not None:
        labeling = PairLabeling(
            args.pairs,
            engine.gallery.features.values,
            engine.files,
            near_share=args.near_share,
            seed=args.seed,
        )
    # Imported last: it takes seconds.
    from reid_align.demo_page.page_launch import launch_page

    print(engine.summary(), file=sys.stderr, flush=True)
    launch_page(engine, labeling, args.host, args.port)


def demo_engine(args: Namespace) -> DemoEngine:
    """Load encoder, gallery, calibration and texture networks.

    Raises:
        ReidAlignError: one of them cannot be loaded, or they do not belong together.
    """
    options = ExtractOptions(
        args.device,
        args.dtype,
        args.batch_size,
        args.num_workers,
        args.flip,
        on_error="skip",
        backend=args.backend,
    )
    recorded = is_feature_file(args.gallery) or is_gallery(args.gallery)
    chosen = args.model is not None or args.weights is not None
    encoder = None
    if chosen or not recorded:
        encoder = select_encoder(args.model, args.weights, args.seed)
    gallery = load_gallery(
        args.gallery, root=args.root, encoder=encoder, options=options, progress=True
    )
    if recorded:
        options = recorded_options(gallery.description, options, encoder)
        adapted = bool(gallery.description.get("adapted"))
        images = [image.file for image in gallery.files] if adapted else []
        encoder = recorded_encoder(gallery.description, options, encoder=encoder, images=images)
    assert encoder is not None  # Selected above, or recorded by the gallery.
    if gallery.features.failed:
        failed = gallery.features.failed
        print(
            f"{len(failed):,} images could not be read (first: {failed[0].path}).", file=sys.stderr
        )
    calibration = find_calibration(args.calibration, gallery.features.digest, "the gallery")
    unwrapper = None
    textures = args.textures or default_unwrap_weights("texture")
    if textures:
        unwrapper = load_unwrapper("texture", textures, resolve_device(args.device))
    return DemoEngine(
        encoder,
        options,
        gallery,
        calibration=calibration,
        prior=args.prior,
        unwrapper=unwrapper,
    )
