"""Start of the service from the arguments of the serve command."""

from argparse import Namespace
from importlib.util import find_spec

from reid_align.calibration import find_calibration
from reid_align.cli.encoder_choice import select_encoder
from reid_align.cli.service_options import LIMITS
from reid_align.errors import InvalidInputError, MissingExtraError
from reid_align.features import ExtractOptions, digest_of
from reid_align.galleries import Gallery, gallery_encoder

_PACKAGES = {
    "fastapi": "fastapi",
    "uvicorn": "uvicorn",
    "python_multipart": "python-multipart",
    "fastapi_offline": "fastapi-offline",
    "prometheus_client": "prometheus-client",
}
_RECORDED = {"flip": False, "dtype": "float32"}


def start_service(args: Namespace) -> None:
    """Serve until the process is stopped.

    Raises:
        MissingExtraError: a package of the extra is not installed.
        InvalidInputError: options that do not apply, a missing token, or an unusable address.
    """
    for module, package in _PACKAGES.items():
        if find_spec(module) is None:
            raise MissingExtraError(package, "serve", "The service")
    from reid_align.service import (
        ImageService,
        ServiceLimits,
        create_app,
        read_token,
        require_token,
        serve_app,
    )

    if args.adapt:
        raise InvalidInputError("--adapt needs all images before the start. Remove it.")
    token = read_token(args.token_file)
    require_token(args.host, token)  # Before the weights are loaded.
    limits = ServiceLimits(
        **{
            name.replace("-", "_"): getattr(args, f"max_{name}".replace("-", "_"))
            for name in LIMITS
        }
    )
    options = ExtractOptions(
        args.device, args.dtype, args.batch_size, args.num_workers, args.flip, backend=args.backend
    )
    gallery = None if args.gallery is None else Gallery.open(args.gallery)
    encoder = None
    chosen = args.model is not None or args.weights is not None
    if chosen or gallery is None or not gallery.description:
        encoder = select_encoder(args.model, args.weights, args.seed)
    if gallery is not None:
        _check_recorded(args, gallery)
        encoder, options = gallery_encoder(gallery, options, encoder)
    assert encoder is not None  # Selected above, or recorded by the gallery.
    calibration = find_calibration(args.calibration, digest_of(encoder, options), "the encoder")
    service = ImageService(
        encoder,
        options,
        gallery=gallery,
        calibration=calibration,
        prior=args.prior,
        limits=limits,
    )
    try:
        serve_app(create_app(service, token), args.host, args.port, token)
    finally:
        service.close()


def _check_recorded(args: Namespace, gallery: Gallery) -> None:
    given = [name for name, default in _RECORDED.items() if getattr(args, name) != default]
    if given and gallery.description:
        raise InvalidInputError(
            f"--{given[0]}: {args.gallery} records how its features are computed. Leave out this "
            "option."
        )
