"""HEIC and AVIF: turned once, and in the colours that they were made with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pillow_heif
import pytest
from PIL import Image

from app.media.media_types import MediaType
from tests.support.media_samples import RED, ffmpeg, patches
from tests.worker.picture.test_pixels import PATCHES, STORED, alike, corners, normal, saved
from worker.picture.cicp import profile_of
from worker.picture.normalisation import normalise

P3, BT2020, SRGB_CURVE, PQ, HLG = 12, 9, 13, 16, 18
BOXED = [("x.heic", MediaType.HEIC), ("x.avif", MediaType.AVIF)]

#: From linear P3 to linear sRGB, both with white at D65 (CSS Color 4, sample code).
P3_TO_SRGB = ((1.2249402, -0.2249402, 0), (-0.0420570, 1.0420570, 0), (-0.0196376, -0.0786360, 1.0982736))


def flat_picture(colour: tuple[int, ...]) -> Image.Image:
    return Image.new("RGB", (64, 64), colour)


def in_srgb(colour: tuple[int, ...]) -> tuple[int, ...]:
    """What a colour of P3 is in sRGB."""
    code = np.array(colour) / 255
    linear = np.where(code <= 0.04045, code / 12.92, ((code + 0.055) / 1.055) ** 2.4)
    light = np.clip(np.array(P3_TO_SRGB) @ linear, 0, 1)
    codes = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
    return tuple(int(value) for value in np.round(codes * 255))


#: Orange in P3, as bright as sRGB still has it.
ORANGE = (210, 130, 70)


@pytest.mark.parametrize(("name", "media_type"), BOXED)
def test_what_exif_says_of_a_turn_does_not_count_again(
    folder: Path, name: str, media_type: MediaType
) -> None:
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><a tiff:Orientation="6"/></x:xmpmeta>'
    source = saved(folder, patches(), name, quality=90, xmp=xmp)
    if media_type is MediaType.HEIC:
        source.write_bytes(source.read_bytes().replace(b"irot", b"free"))

    picture = normal(source, media_type, folder)

    assert (picture.width, picture.height) == (384, 288)
    assert alike(corners(picture), PATCHES, tolerance=12)


@pytest.mark.parametrize("orientation", STORED)
def test_exif_beside_the_turn_of_heic_is_left_alone(folder: Path, orientation: int) -> None:
    """The encoder writes both: a turn of the picture, and EXIF as it was."""
    exif, turn = Image.Exif(), STORED[orientation]
    exif[0x0112] = orientation
    stored = patches() if turn is None else patches().transpose(turn)
    source = saved(folder, stored, "x.heic", exif=exif.tobytes(), quality=90)
    assert pillow_heif.open_heif(source).info["exif"][-20:].find(bytes([orientation])) >= 0

    assert alike(corners(normal(source, MediaType.HEIC, folder)), PATCHES, tolerance=12)


@pytest.mark.parametrize(("name", "media_type"), BOXED)
def test_a_display_p3_profile_is_applied(folder: Path, name: str, media_type: MediaType) -> None:
    profile = profile_of(P3, SRGB_CURVE)
    source = saved(folder, flat_picture(ORANGE), name, icc_profile=profile, quality=95)

    picture = normal(source, media_type, folder)

    assert picture.notices == ()
    assert alike(corners(picture)[:1], [in_srgb(ORANGE)], tolerance=4)


def test_colours_of_heic_by_code_points_are_applied(folder: Path) -> None:
    options: dict[str, Any] = {"color_primaries": P3, "transfer_characteristics": SRGB_CURVE}
    source = saved(folder, flat_picture(ORANGE), "x.heic", quality=95, **options)

    assert alike(corners(normal(source, MediaType.HEIC, folder))[:1], [in_srgb(ORANGE)], tolerance=4)


def test_colours_of_avif_by_code_points_are_applied(folder: Path) -> None:
    picture, source = saved(folder, flat_picture(ORANGE), "x.png"), folder / "x.avif"
    tags = "setparams=color_primaries=smpte432:color_trc=iec61966-2-1:colorspace=bt709:range=pc"
    scaled = f"scale=out_color_matrix=bt709:out_range=full,format=yuv444p,{tags}"
    ffmpeg("-i", picture, "-vf", scaled, "-c:v", "libaom-av1", "-crf", "5", "-frames:v", "1", source)

    assert alike(corners(normal(source, MediaType.AVIF, folder))[:1], [in_srgb(ORANGE)], tolerance=4)


@pytest.mark.parametrize("code", ["yuv420p10le", "yuv444p10le", "yuv420p12le"])
def test_ten_and_twelve_bits_of_avif_are_read(folder: Path, code: str) -> None:
    picture, source = saved(folder, patches(), "x.png"), folder / "x.avif"
    scaled = f"scale=out_color_matrix=bt709:out_range=pc,format={code},setparams=colorspace=bt709:range=pc"
    ffmpeg("-i", picture, "-vf", scaled, "-c:v", "libaom-av1", "-crf", "5", "-frames:v", "1", source)

    assert alike(corners(normal(source, MediaType.AVIF, folder)), PATCHES)


def test_ten_bits_of_heic_are_read(folder: Path) -> None:
    deep = (np.asarray(patches()).astype("<u2") * 257).tobytes()
    source = folder / "x.heic"
    pillow_heif.from_bytes("RGB;16", (384, 288), deep).save(source, quality=90)
    assert pillow_heif.open_heif(source).info["bit_depth"] == 10

    assert alike(corners(normal(source, MediaType.HEIC, folder)), PATCHES)


@pytest.mark.parametrize(("transfer", "grey", "white"), [(PQ, 0.38, 0.58), (HLG, 0.38, 0.75)])
def test_hdr_looks_as_it_does_beside_other_pictures(
    folder: Path, transfer: int, grey: float, white: float
) -> None:
    """The signals of a grey card of 18 % and of reference white are those of ITU-R BT.2408, table 1."""
    seen = []
    for signal in (0.0, grey, white, 1.0):
        options: dict[str, Any] = {"color_primaries": BT2020, "transfer_characteristics": transfer}
        level = flat_picture((round(signal * 255),) * 3)
        source = saved(folder, level, "x.heic", quality=-1, chroma=444, **options)
        seen.append(corners(normal(source, MediaType.HEIC, folder))[0][1])

    assert seen[0] == 0
    assert seen[1] == pytest.approx(101, abs=6)
    assert 235 <= seen[2] <= 250
    assert 253 <= seen[3] <= 255


@pytest.mark.parametrize(
    ("name", "media_type", "mode", "options"),
    [
        ("x.heic", MediaType.HEIC, "RGBA", {"enc_params": {"preset": "ultrafast"}}),
        ("x.avif", MediaType.AVIF, "RGBA", {"speed": 10, "subsampling": "4:4:4"}),
    ],
)
def test_as_many_pixels_as_are_allowed_fit_into_memory(
    folder: Path, name: str, media_type: MediaType, mode: str, options: dict[str, Any]
) -> None:
    source = saved(folder, Image.new(mode, (8_660, 5_773), (*RED, 255)), name, **options)

    picture = normalise(source, media_type, folder, max_pixels=50_000_000)

    assert alike(corners(picture)[:1], [RED])
