"""Routes of the HTTP service."""

import asyncio
import io
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any, Literal

import numpy as np
from fastapi import Depends, FastAPI, File, Form, Response, UploadFile
from fastapi.responses import JSONResponse, RedirectResponse
from fastapi.security import HTTPBearer
from fastapi_offline import FastAPIOffline

from reid_align import __version__
from reid_align.errors import InvalidInputError
from reid_align.service.answer_models import (
    AddAnswer,
    ErrorAnswer,
    FeaturesAnswer,
    HealthAnswer,
    RemoveAnswer,
    SearchAnswer,
    VerifyAnswer,
)
from reid_align.service.form_fields import (
    parse_filter,
    parse_metadata,
    parse_paths,
    read_uploads,
)
from reid_align.service.http_errors import add_error_handlers
from reid_align.service.image_service import ImageService
from reid_align.service.request_guard import RequestGuard
from reid_align.service.service_metrics import CONTENT_TYPE

DESCRIPTION = """\
Features of person images, search in a gallery, and comparison of two images. Images are sent as
form files (JPEG, PNG, WebP, …). Errors have one sentence in `detail`. With a token, every request
except `/health` needs the header `Authorization: Bearer TOKEN`."""
_REASONS = {
    400: "The form is damaged.",
    401: "The token is missing or wrong.",
    413: "The body is too large, or there are too many images.",
    422: "An image or a field cannot be used.",
    503: "Too many requests are in progress.",
    507: "The gallery cannot be written.",
}
_ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"model": ErrorAnswer, "description": text} for status, text in _REASONS.items()
}

Images = Annotated[list[UploadFile], File(description="Image files, one person each.")]
Image = Annotated[UploadFile, File(description="Image file.")]
_FILTER = 'SQL filter on path and metadata columns, as in "camera = 1".'
Where = Annotated[str | None, Form(description=_FILTER)]


def create_app(service: ImageService, token: str | None = None) -> FastAPI:
    """Return the application; it closes the service when it stops.

    Args:
        service: encoder, gallery and calibration.
        token: token that requests must have; None only for a service on loopback.
    """

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        await asyncio.to_thread(service.close)

    app = FastAPIOffline(
        title="reid_align",
        description=DESCRIPTION,
        version=__version__,
        lifespan=lifespan,
        redoc_url=None,
        responses=_ERRORS,
        # RequestGuard checks the token; this shows the button "Authorize" on the OpenAPI page.
        dependencies=[] if token is None else [Depends(HTTPBearer(auto_error=False))],
    )
    add_error_handlers(app)
    _add_image_routes(app, service)
    _add_state_routes(app, service)
    schema = app.openapi()
    _mark_files(schema)
    paths = frozenset(schema["paths"])
    app.add_middleware(
        RequestGuard, limits=service.limits, metrics=service.metrics, paths=paths, token=token
    )
    return app


def _add_image_routes(app: FastAPI, service: ImageService) -> None:
    limits = service.limits

    @app.post("/features", tags=["images"], response_model=FeaturesAnswer)
    async def features(images: Images, format: Literal["json", "npy"] = "json") -> Response:
        """Compute the features of images, as JSON or as a NumPy file (N, D) float32."""
        found = await service.features(await read_uploads(images, limits))
        if format == "npy":
            file = io.BytesIO()
            np.save(file, found.values)
            headers = {"x-reid-align-digest": found.digest}
            return Response(file.getvalue(), headers=headers, media_type="application/octet-stream")
        answer = {
            "digest": found.digest,
            "names": list(found.paths),
            "features": found.values.tolist(),
        }
        return Response(json.dumps(answer), media_type="application/json")

    @app.post("/search", tags=["images"], response_model=SearchAnswer)
    async def search(
        images: Images, k: Annotated[int, Form(ge=1, le=limits.hits)] = 10, where: Where = None
    ) -> object:
        """Find the k gallery images nearest to each image."""
        uploads = await read_uploads(images, limits)
        answers = await service.search(uploads, k, parse_filter(where))
        return {
            "queries": [
                {"name": image.name, "hits": [vars(hit) for hit in hits]}
                for image, hits in zip(uploads, answers, strict=True)
            ]
        }

    @app.post("/add", tags=["images"], response_model=AddAnswer)
    async def add(
        images: Images,
        metadata: Annotated[
            str | None, Form(description="JSON list with one object per image, or one object.")
        ] = None,
        paths: Annotated[
            str | None, Form(description="JSON list of the paths to store; default: file names.")
        ] = None,
    ) -> object:
        """Add the features of images to the gallery, all or none; the images are not stored."""
        uploads = await read_uploads(images, limits)
        rows = parse_metadata(metadata, len(uploads))
        count = await service.add(uploads, parse_paths(paths, uploads), rows)
        return {"added": len(uploads), "rows": count}

    @app.post("/remove", tags=["images"], response_model=RemoveAnswer)
    async def remove(where: Annotated[str, Form(description=_FILTER)]) -> object:
        """Remove the gallery rows that match a filter."""
        chosen = parse_filter(where)
        if chosen is None:
            raise InvalidInputError("where: give a filter for the rows to remove.")
        removed, count = await service.remove(chosen)
        return {"removed": removed, "rows": count}

    @app.post("/verify", tags=["images"], response_model=VerifyAnswer)
    async def verify(first: Image, second: Image) -> object:
        """Compare two images: distance, probability and decision."""
        one, other = await read_uploads([first, second], limits)
        return vars(await service.verify(one, other))


def _add_state_routes(app: FastAPI, service: ImageService) -> None:
    @app.get("/", include_in_schema=False)
    async def home() -> RedirectResponse:
        return RedirectResponse("/docs")

    @app.get("/health", tags=["state"], response_model=HealthAnswer)
    async def health() -> Response:
        """Return 200 if the service accepts requests, else 503."""
        running = service.is_running
        answer = {
            "status": "ok" if running else "stopping",
            "digest": service.digest,
            "rows": await service.rows() if running else None,
        }
        return JSONResponse(answer, 200 if running else 503)

    @app.get("/metrics", tags=["state"], response_class=Response)
    async def metrics() -> Response:
        """Return the metrics in the text format of Prometheus."""
        return Response(service.metrics.text(), media_type=CONTENT_TYPE)


def _mark_files(schema: object) -> None:
    """Mark uploaded files in the schema as the OpenAPI page expects, which then has file inputs."""
    if isinstance(schema, list):
        for entry in schema:
            _mark_files(entry)
    elif isinstance(schema, dict):
        if schema.get("contentMediaType") == "application/octet-stream":
            schema["format"] = "binary"
        for entry in schema.values():
            _mark_files(entry)
