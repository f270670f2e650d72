"""Cameras: position, projection, light and response."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from reid_align.synth.array_types import Floats
from reid_align.synth.rendering.shading import Light

Environment = Literal["sunny", "overcast", "indoor", "night"]
ENVIRONMENTS: tuple[Environment, ...] = ("sunny", "overcast", "indoor", "night")
FRAME_WIDTH, FRAME_HEIGHT = 960, 540


@dataclass(frozen=True, eq=False)
class Response:
    """Mean response of a camera; each image varies.

    Attributes:
        exposure: factor on the light.
        balance: (3,) factors of red, green and blue.
        saturation: 1 keeps colors, 0 is gray.
        contrast: slope of the tone curve at middle gray.
        black: display value that is clipped to black.
        gamma: exponent of the tone curve; below 1 is brighter.
        blur: blur of the lens, in pixels of the crop.
        sharpening: strength of the edge enhancement.
        noise: standard deviation in display values.
        quality: JPEG quality.
        resolution: factor on the number of pixels of the crop.
        cast: (3,) display values added to the shadows.
    """

    exposure: float
    balance: Floats
    saturation: float
    contrast: float
    black: float
    gamma: float
    blur: float
    sharpening: float
    noise: float
    quality: int
    resolution: float
    cast: Floats


@dataclass(frozen=True, eq=False)
class Camera:
    """Fixed camera. World coordinates in meters: X right, Y into the scene, Z up.

    Attributes:
        index: number of the camera.
        environment: weather and place.
        height: height above the ground.
        focal: focal length in pixels of the 960×540 frame.
        rotation: (3, 3) float32 from world to right, down, forward.
        light: illumination outside of shadows.
        response: conversion of light into an image.
        tight: its detector draws tight boxes instead of boxes with a fixed aspect ratio.
        turn: main walking direction in degrees, 0 is toward the camera.
        depth: distance in meters of the wall behind the scene.
    """

    index: int
    environment: Environment
    height: float
    focal: float
    rotation: Floats
    light: Light
    response: Response
    tight: bool
    turn: float
    depth: float

    @property
    def eye(self) -> Floats:
        """Camera position (3,)."""
        return np.array([0, 0, self.height], np.float32)

    def project(self, points: Floats) -> Floats:
        """Project points (N, 3) to (N, 3) column, row and depth in the frame."""
        seen = (points - self.eye) @ self.rotation.T
        seen[:, :2] *= self.focal / np.maximum(seen[:, 2:], 0.05)
        seen[:, :2] += np.array([FRAME_WIDTH / 2, FRAME_HEIGHT / 2], np.float32)
        return np.ascontiguousarray(seen, np.float32)


def sample_camera(rng: np.random.Generator, index: int) -> Camera:
    """Draw a camera."""
    environment = ENVIRONMENTS[int(rng.choice(4, p=(0.3, 0.33, 0.27, 0.1)))]
    indoor = environment == "indoor"
    height = float(rng.uniform(2.2, 3.3) if indoor else rng.uniform(1.6, 5.5))
    pitch = np.radians(rng.uniform(5, 26) + 3.5 * max(0.0, height - 2.5))
    forward = np.array([0, np.cos(pitch), -np.sin(pitch)])
    right = np.array([1.0, 0, 0])
    light = _sample_light(rng, environment)
    return Camera(
        index=index,
        environment=environment,
        height=height,
        focal=float(FRAME_WIDTH * rng.uniform(0.75, 1.6)),
        rotation=np.stack([right, np.cross(forward, right), forward]).astype(np.float32),
        light=light,
        response=_sample_response(rng, environment, light),
        tight=bool(rng.random() < 0.5),
        turn=float(rng.uniform(0, 360)),
        depth=float(rng.uniform(10, 18) if indoor else rng.uniform(14, 34)),
    )


def _sample_light(rng: np.random.Generator, environment: Environment) -> Light:
    azimuth, elevation = rng.uniform(0, 2 * np.pi), np.radians(rng.uniform(22, 70))
    if environment in ("indoor", "night"):
        elevation = np.radians(rng.uniform(50, 85))
    direction = np.array(
        [
            np.cos(azimuth) * np.cos(elevation),
            np.sin(azimuth) * np.cos(elevation),
            np.sin(elevation),
        ]
    )
    sun, sky = {
        "sunny": (rng.uniform(1.2, 2.8), rng.uniform(0.35, 0.7)),
        "overcast": (rng.uniform(0.05, 0.35), rng.uniform(0.75, 1.1)),
        "indoor": (rng.uniform(0.2, 0.7), rng.uniform(0.45, 0.85)),
        "night": (rng.uniform(0.3, 0.9), rng.uniform(0.08, 0.25)),
    }[environment]
    warmth = {"sunny": 0.06, "overcast": -0.03, "indoor": 0.06, "night": 0.22}[environment]
    warmth = rng.normal(warmth, 0.05)
    warm = np.array([1 + warmth, 1, 1 - 1.2 * warmth]).clip(0.2, 2)
    cool = np.array([1, 1, 1 + (0.18 if environment == "sunny" else 0.0)])
    bounce = rng.uniform(0.15, 0.45)
    return Light(
        direction.astype(np.float32),
        (sun * warm).astype(np.float32),
        (sky * (cool if environment in ("sunny", "overcast") else warm)).astype(np.float32),
        (bounce * sky * warm).astype(np.float32),
    )


def _sample_response(rng: np.random.Generator, environment: Environment, light: Light) -> Response:
    dark = environment == "night"
    # Exposure compensates for the light level, but not fully in the dark.
    level = float(0.75 * light.sky.mean() + 0.3 * light.sun.mean())
    exposure = level ** (-0.6 if dark else -0.85)
    balance = np.exp(rng.normal(0, 0.045, 3) + rng.normal(0, 0.06) * np.array([1, 0, -1]))
    return Response(
        exposure=exposure * float(np.exp(rng.normal(0, 0.15))),
        balance=(balance / balance.mean()).astype(np.float32),
        saturation=float(rng.uniform(0.65, 1.15)),
        contrast=float(rng.uniform(0.95, 1.45)),
        black=float(rng.uniform(0, 0.06)),
        gamma=float(np.exp(rng.normal(-0.03, 0.1))),
        blur=float(rng.uniform(0, 0.9)),
        sharpening=float(max(0.0, rng.normal(0.7, 0.6))),
        noise=float(rng.uniform(0.012, 0.035) if dark else np.exp(rng.uniform(-6.5, -3.9))),
        quality=int(rng.integers(35, 93)),
        resolution=float(np.exp(rng.uniform(-0.5, 0.6))),
        cast=(rng.uniform(0, 0.05) * rng.uniform(0.5, 1.5, 3)).astype(np.float32),
    )
