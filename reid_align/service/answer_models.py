"""Answers of the service, as documented on its OpenAPI page."""

from pydantic import BaseModel, Field


class ErrorAnswer(BaseModel):
    """An error."""

    detail: str = Field(description="What was wrong, and what to do.")


class FeaturesAnswer(BaseModel):
    """Features of the uploaded images."""

    digest: str = Field(description="Digest of weights, preprocessing and options.")
    names: list[str] = Field(description="File name of each image.")
    features: list[list[float]] = Field(description="One vector per image, scaled to length 1.")


class HitAnswer(BaseModel):
    """A gallery image near a query."""

    path: str
    distance: float = Field(description="Cosine distance, 0 to 2.")
    probability: float | None = Field(
        None, description="Probability of the same identity; null without a calibration."
    )
    metadata: dict[str, object]


class QueryAnswer(BaseModel):
    """Hits of one image, nearest first."""

    name: str
    hits: list[HitAnswer]


class SearchAnswer(BaseModel):
    """Hits of all images."""

    queries: list[QueryAnswer]


class AddAnswer(BaseModel):
    """Added images."""

    added: int = Field(description="Rows added. They are stored on the disk.")
    rows: int = Field(description="Rows of the gallery.")


class RemoveAnswer(BaseModel):
    """Removed images."""

    removed: int = Field(description="Rows removed. Searches no longer find them.")
    rows: int = Field(description="Rows of the gallery.")


class VerifyAnswer(BaseModel):
    """Comparison of two images."""

    distance: float = Field(description="Cosine distance, 0 to 2.")
    probability: float | None = Field(description="Probability of the same identity.")
    threshold: float | None = Field(description="Largest distance for the decision 'same'.")
    same: bool | None = Field(description="The decision; null without a calibration.")


class HealthAnswer(BaseModel):
    """State of the service."""

    status: str = Field(description="'ok' or 'stopping'.")
    digest: str
    rows: int | None = Field(description="Rows of the gallery; null without one.")
