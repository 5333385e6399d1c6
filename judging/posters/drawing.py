"""Posters → pictures: flat silhouettes with a few details, on plain or patterned ground, by day or by night."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from PIL import Image, ImageDraw

from judging.drawing import OVERSAMPLING, Pixels
from judging.posters.scenes import PIXELS, Ground, Poster, brightness
from judging.posters.things import layers
from judging.scenes import PALETTE, SIDE, Item

RGB = tuple[int, int, int]

INK, PAPER = (38, 34, 46), (250, 250, 248)  # details on light and on dark things
LIGHT = 145  # brightness from which a thing's details are dark
SKY = {"day": (166, 214, 240), "night": (26, 32, 92)}
GRASS = {"day": (142, 194, 96), "night": (24, 70, 66)}
HORIZON = 0.8125  # of the height
STAR = 4  # pixels, their radius
TILE = 32  # pixels after which a pattern repeats
STARS = ((28, 28), (68, 84), (108, 28), (164, 52), (220, 28), (28, 140), (228, 116), (148, 140))  # pixels


def draw(poster: Poster, width: int = PIXELS, height: int = PIXELS, scale: float = PIXELS / SIDE) -> Pixels:
    """The poster as (height, width, 3) RGB, its things around the middle; `scale` is pixels per unit of length."""
    picture = Image.fromarray(ground(poster.ground, width, height, scale))
    aside, down = width / 2 / scale - SIDE / 2, height / 2 / scale - SIDE / 2
    for item in poster.items:
        coverage, corner = stencils(item, aside, down, scale)
        for colour, mask in zip((PALETTE[item.colour], detail(item.colour)), coverage, strict=True):
            picture.paste(colour, corner, mask)
    return np.asarray(picture)


def detail(colour: str) -> RGB:
    """Of the details on a thing of this colour."""
    return INK if brightness(colour) > LIGHT else PAPER


def shade(colour: str) -> RGB:
    """The second colour of a pattern: darker, for dark ones lighter."""
    tone, amount = ((0, 0, 0), 0.16) if brightness(colour) > LIGHT else ((255, 255, 255), 0.2)
    red, green, blue = (round(c + (t - c) * amount) for c, t in zip(PALETTE[colour], tone, strict=True))
    return red, green, blue


def colours(where: Ground) -> tuple[RGB, ...]:
    """All that a ground consists of, but for the stars at night: they are too small to be a thing."""
    if where.time:
        return SKY[where.time], GRASS[where.time]
    return (PALETTE[where.colour],) if where.pattern == "plain" else (PALETTE[where.colour], shade(where.colour))


@cache
def ground(where: Ground, width: int = PIXELS, height: int = PIXELS, scale: float = PIXELS / SIDE) -> Pixels:
    """A ground with nothing on it."""
    size = round(width * OVERSAMPLING), round(height * OVERSAMPLING)
    factor = OVERSAMPLING * scale * SIDE / PIXELS
    picture = Image.new("RGB", size, colours(where)[0])
    pen = ImageDraw.Draw(picture)
    if where.time:
        pen.rectangle((0, round(HORIZON * size[1]), *size), fill=GRASS[where.time])
        for x, y in STARS if where.time == "night" else ():
            reach = STAR * factor
            pen.ellipse((x * factor - reach, y * factor - reach, x * factor + reach, y * factor + reach), fill=PAPER)
    elif where.pattern != "plain":
        _pattern(pen, where, size, TILE * factor)
    return np.asarray(picture.reduce(OVERSAMPLING))


def _pattern(pen: ImageDraw.ImageDraw, where: Ground, size: tuple[int, int], tile: float) -> None:
    fill, half = shade(where.colour), tile / 2
    for column in range(math.ceil(size[0] / tile)):
        x = column * tile
        if where.pattern == "striped":
            pen.rectangle((x, 0, x + half - 1, size[1]), fill=fill)
            continue
        for row in range(math.ceil(size[1] / tile)):
            y = row * tile
            if where.pattern == "checked":
                pen.rectangle((x, y, x + half - 1, y + half - 1), fill=fill)
                pen.rectangle((x + half, y + half, x + tile - 1, y + tile - 1), fill=fill)
            else:
                pen.ellipse((x + 0.25 * tile, y + 0.25 * tile, x + 0.75 * tile, y + 0.75 * tile), fill=fill)


def stencils(
    item: Item, aside: float, down: float, scale: float
) -> tuple[tuple[Image.Image, Image.Image], tuple[int, int]]:
    """The coverage of a thing's own colour and of its details, 0–255, and the pixel of their top left corner."""
    radius = item.radius * scale
    x, y = (item.x + aside) * scale, (item.y + down) * scale
    reach = math.ceil(radius * 1.15) + 2  # pixels
    left, top = math.floor(x) - reach, math.floor(y) - reach
    canvases = [Image.new("L", (2 * reach * OVERSAMPLING,) * 2) for _ in range(2)]
    pens = [ImageDraw.Draw(canvas) for canvas in canvases]
    for polygon, own in layers(item.shape):
        corners = [
            ((x - left + px * radius) * OVERSAMPLING, (y - top + py * radius) * OVERSAMPLING) for px, py in polygon
        ]
        pens[0 if own is not False else 1].polygon(corners, fill=0 if own is None else 255)
    whole, details = (canvas.reduce(OVERSAMPLING) for canvas in canvases)
    return (whole, details), (left, top)
