"""Any picture in, an upright sRGB one out; or a sentence that says why not."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageCms, ImageFilter, ImageStat

from app.media.media_types import MediaType
from tests.support.media_samples import BLUE, GREEN, RED, WHITE, Samples, patches
from tests.support.paths import ROOT
from worker.errors import RenderFailed
from worker.picture import heif
from worker.picture.pixels import normalise
from worker.picture.resizing import fitting_size
from worker.scene import Picture

MAX_PIXELS = 50_000_000

assert heif  # It is what brings the decoder of HEIC.


def normal(path: Path, media_type: MediaType, folder: Path, max_pixels: int = MAX_PIXELS) -> Picture:
    return normalise(path, media_type, folder, max_pixels=max_pixels)


def saved(folder: Path, image: Image.Image, name: str, **options: Any) -> Path:
    path = folder / name
    image.save(path, **options)
    return path


def corners(picture: Picture) -> list[tuple[int, ...]]:
    """The colours a quarter in from each corner: above left, above right, below left, below right."""
    with Image.open(picture.path) as image:
        assert image.mode == "RGB"
        spots = [(x * image.width // 4, y * image.height // 4) for y in (1, 3) for x in (1, 3)]
        return [tuple(image.getpixel(spot)) for spot in spots]  # type: ignore[arg-type]


def alike(found: list[tuple[int, ...]], expected: list[tuple[int, ...]], tolerance: int = 6) -> bool:
    return all(
        abs(a - b) <= tolerance
        for one, other in zip(found, expected, strict=True)
        for a, b in zip(one, other, strict=True)
    )


PATCHES: list[tuple[int, ...]] = [RED, GREEN, BLUE, WHITE]


@pytest.mark.parametrize(
    ("mode", "name", "media_type", "options"),
    [
        ("RGB", "x.jpg", MediaType.JPEG, {"quality": 95}),
        ("RGB", "x.jpg", MediaType.JPEG, {"quality": 95, "progressive": True}),
        ("CMYK", "x.jpg", MediaType.JPEG, {"quality": 95}),
        ("RGB", "x.png", MediaType.PNG, {}),
        ("RGBA", "x.png", MediaType.PNG, {}),
        ("P", "x.png", MediaType.PNG, {}),
        ("RGB", "x.webp", MediaType.WEBP, {"lossless": True}),
        ("RGBA", "x.webp", MediaType.WEBP, {"lossless": True}),
        ("RGB", "x.heic", MediaType.HEIC, {"quality": 90}),
        ("RGB", "x.heic", MediaType.HEIC, {"quality": 90, "tile_size": 128}),
        ("RGBA", "x.heic", MediaType.HEIC, {"quality": -1, "chroma": 444}),
        ("RGB", "x.avif", MediaType.AVIF, {"quality": 90}),
        ("RGBA", "x.avif", MediaType.AVIF, {"quality": 90, "subsampling": "4:4:4"}),
        ("RGB", "x.avif", MediaType.AVIF, {"quality": 90, "range": "limited"}),
    ],
)
def test_colours_survive_every_mode(
    folder: Path, mode: str, name: str, media_type: MediaType, options: dict[str, Any]
) -> None:
    image = patches().quantize(4) if mode == "P" else patches().convert(mode)
    source = saved(folder, image, name, **options)
    assert alike(corners(normal(source, media_type, folder)), PATCHES)


@pytest.mark.parametrize("mode", ["1", "L", "LA"])
def test_grey_survives_every_mode(folder: Path, mode: str) -> None:
    image = Image.new("L", (64, 64), 255)
    image.paste(0, (0, 0, 32, 32))
    picture = normal(saved(folder, image.convert(mode), "x.png"), MediaType.PNG, folder)
    assert corners(picture) == [(0, 0, 0), WHITE, WHITE, WHITE]


def test_sixteen_bits_are_scaled_not_cut_off(folder: Path) -> None:
    image = Image.new("I;16", (64, 64), 32_896)
    picture = normal(saved(folder, image, "x.png"), MediaType.PNG, folder)
    assert corners(picture)[0] == (128, 128, 128)


def test_sixteen_bits_of_colour_are_read(folder: Path) -> None:
    row = b"\0" + struct.pack(">3H", 56_540, 7_710, 7_710) * 32
    picture = normal(_png(folder, 32, 32, zlib.compress(row * 32), bits=16), MediaType.PNG, folder)
    assert alike(corners(picture)[:1], [RED])


def _png(folder: Path, width: int, height: int, pixels: bytes, *, bits: int = 8) -> Path:
    """A PNG of colour type 2 (RGB), chunk by chunk (W3C PNG, section 11)."""
    header = struct.pack(">IIBBBBB", width, height, bits, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", pixels), (b"IEND", b"")]
    content = b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )
    path = folder / "made.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + content)
    return path


def test_transparency_shows_white(folder: Path) -> None:
    image = patches().convert("RGBA")
    image.paste((0, 0, 0, 0), (0, 0, 192, 144))
    picture = normal(saved(folder, image, "x.png"), MediaType.PNG, folder)
    assert alike(corners(picture), [WHITE, GREEN, BLUE, WHITE])


def test_a_transparent_palette_colour_shows_white(folder: Path) -> None:
    image = Image.new("P", (64, 64), 0)
    image.putpalette([10, 20, 30, *BLUE])
    image.paste(1, (0, 32, 32, 64))
    picture = normal(saved(folder, image, "x.png", transparency=0), MediaType.PNG, folder)
    assert corners(picture) == [WHITE, WHITE, BLUE, WHITE]


def test_of_moving_pictures_the_first_frame_is_taken(folder: Path) -> None:
    later = Image.new("RGB", (384, 288), (0, 0, 0))
    for name, media_type in (("x.webp", MediaType.WEBP), ("x.png", MediaType.PNG)):
        source = saved(folder, patches(), name, save_all=True, append_images=[later], lossless=True)
        assert alike(corners(normal(source, media_type, folder)), PATCHES)


#: How the upright picture has to be stored so that each EXIF orientation turns it back.
STORED = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


@pytest.mark.parametrize("orientation", STORED)
@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("x.jpg", MediaType.JPEG),
        ("x.png", MediaType.PNG),
        ("x.webp", MediaType.WEBP),
        ("x.heic", MediaType.HEIC),
        ("x.avif", MediaType.AVIF),
    ],
)
def test_the_picture_is_upright(folder: Path, orientation: int, name: str, media_type: MediaType) -> None:
    turn = STORED[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = patches() if turn is None else patches().transpose(turn)
    picture = normal(saved(folder, stored, name, exif=exif.tobytes(), quality=95), media_type, folder)
    assert (picture.width, picture.height) == (384, 288)
    assert alike(corners(picture), PATCHES, tolerance=12)


def test_damaged_exif_is_ignored(folder: Path) -> None:
    source = saved(folder, patches(), "x.jpg", exif=b"Exif\0\0MM\0*\xff\xff\xff\xff", quality=95)
    assert alike(corners(normal(source, MediaType.JPEG, folder)), PATCHES)


def test_a_profile_is_applied(folder: Path) -> None:
    """The colours of sRGB with the names of its red and green primaries exchanged."""
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exchanged = srgb.replace(b"rXYZ", b"????").replace(b"gXYZ", b"rXYZ").replace(b"????", b"gXYZ")
    source = saved(folder, patches(), "x.png", icc_profile=exchanged)
    picture = normal(source, MediaType.PNG, folder)
    assert picture.notices == ()
    swapped: list[tuple[int, ...]] = [(green, red, blue) for red, green, blue in (RED, GREEN, BLUE, WHITE)]
    assert alike(corners(picture), swapped)


def test_a_bad_profile_is_ignored_with_a_notice(folder: Path) -> None:
    source = saved(folder, patches(), "x.png", icc_profile=b"no profile at all")
    picture = normal(source, MediaType.PNG, folder)
    assert [notice.code for notice in picture.notices] == ["image_profile_ignored"]
    assert alike(corners(picture), PATCHES)


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        ((640, 480), (640, 480)),
        ((641, 481), (640, 480)),
        ((257, 256), (256, 256)),
        ((255, 256), (510, 512)),
        ((80, 71), (320, 284)),
        ((157, 83), (628, 332)),
        ((71, 71), (284, 284)),
        ((1, 1), (256, 256)),
        ((4, 8), (256, 512)),
        ((17, 301), (102, 1806)),
        ((1000, 20), (1000, 20)),
        ((9, 1), (1916, 212)),
        ((301, 1), (1920, 16)),
        ((3840, 2160), (1920, 1080)),
        ((2000, 1999), (1920, 1920)),
        ((6000, 4000), (1920, 1280)),
        ((1, 20_000), (16, 1920)),
        ((20_000, 100), (1920, 16)),
    ],
)
def test_sizes_fit_and_small_ones_grow_by_whole_factors(
    stored: tuple[int, int], shown: tuple[int, int]
) -> None:
    assert fitting_size(*stored) == shown


@pytest.mark.parametrize("size", [(1, 1), (1, 20_000), (33, 47), (2501, 1301)])
def test_the_written_picture_has_the_size_it_says(folder: Path, size: tuple[int, int]) -> None:
    picture = normal(saved(folder, Image.new("RGB", size, RED), "x.png"), MediaType.PNG, folder)
    with Image.open(picture.path) as image:
        assert image.size == (picture.width, picture.height) == fitting_size(*size)
    assert alike(corners(picture), [RED] * 4)


def test_scaling_down_is_told(folder: Path) -> None:
    source = saved(folder, patches(2400, 1800), "x.jpg")
    (notice,) = normal(source, MediaType.JPEG, folder).notices
    assert notice.code == "image_downscaled"
    assert "from 2400 x 1800 to 1920 x 1440" in notice.message


def test_as_many_pixels_as_allowed_pass_and_one_more_does_not(folder: Path) -> None:
    source = saved(folder, patches(40, 30), "x.png")
    assert normal(source, MediaType.PNG, folder, max_pixels=1200).width == 360
    with pytest.raises(RenderFailed, match="40 x 30 pixels"):
        normal(source, MediaType.PNG, folder, max_pixels=1199)


#: Tells its own peak of resident kilobytes, the seconds that the refusal took, and the sentence.
REFUSE_BOMB = """
import re, sys, time
from pathlib import Path
from app.media.media_types import MediaType
from worker.errors import RenderFailed
from worker.picture.pixels import normalise
begun_at = time.monotonic()
try:
    normalise(Path(sys.argv[1]), MediaType.PNG, Path(sys.argv[1]).parent, max_pixels=50_000_000)
except RenderFailed as failure:
    seconds = time.monotonic() - begun_at
    peak = re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())
    print(peak[1], seconds, failure.sentence)
"""


@pytest.mark.fault(22)
@pytest.mark.skipif(sys.platform != "linux", reason="reads its peak memory from /proc")
def test_a_pixel_bomb_costs_nothing(folder: Path) -> None:
    packer = zlib.compressobj(1)
    row = bytes(1 + 3 * 16_000)
    bomb = _png(
        folder, 16_000, 16_000, b"".join(packer.compress(row) for _ in range(16_000)) + packer.flush()
    )
    command = [sys.executable, "-c", REFUSE_BOMB, str(bomb)]
    said = subprocess.run(command, capture_output=True, check=True, text=True, cwd=ROOT, timeout=30)
    peak_kilobytes, seconds, sentence = said.stdout.split(" ", 2)
    assert "16000 x 16000" in sentence
    assert int(peak_kilobytes) < 100_000
    assert float(seconds) < 2


@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.6, 0.9])
@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("x.jpg", MediaType.JPEG),
        ("x.png", MediaType.PNG),
        ("x.webp", MediaType.WEBP),
        ("x.heic", MediaType.HEIC),
        ("x.avif", MediaType.AVIF),
    ],
)
def test_a_cut_file_is_refused(
    folder: Path, samples: Samples, share: float, name: str, media_type: MediaType
) -> None:
    whole = saved(folder, Image.effect_noise((200, 200), 60).convert("RGB"), name)
    with pytest.raises(RenderFailed, match="image file is cut off or damaged"):
        normal(samples.cut(whole, share), media_type, folder)


def test_a_picture_of_another_type_is_refused(folder: Path, samples: Samples) -> None:
    with pytest.raises(RenderFailed, match="image file"):
        normal(samples.picture(), MediaType.JPEG, folder)


def test_flipped_bytes_end_in_a_refusal_or_a_picture(folder: Path) -> None:
    buffer = io.BytesIO()
    patches(64, 48).save(buffer, "PNG")
    for place in range(8, buffer.getbuffer().nbytes, 7):
        damaged = bytearray(buffer.getvalue())
        damaged[place] ^= 0x55
        path = folder / "damaged.png"
        path.write_bytes(damaged)
        with suppress(RenderFailed):
            assert normal(path, MediaType.PNG, folder).width >= 16


@pytest.mark.parametrize("mode", ["P", "RGB", "RGBA", "L", "1"])
def test_small_drawings_grow_pixel_by_pixel(folder: Path, mode: str) -> None:
    drawing = patches(80, 71).quantize(4) if mode == "P" else patches(80, 71).convert(mode)
    picture = normal(saved(folder, drawing, "x.png"), MediaType.PNG, folder)
    with Image.open(picture.path) as shown:
        expected = drawing.convert("RGB").resize((320, 284), Image.Resampling.NEAREST)
        assert list(shown.tobytes()) == list(expected.tobytes())


def test_small_photos_grow_softly(folder: Path) -> None:
    photo = Image.effect_noise((80, 71), 60).convert("RGB").filter(ImageFilter.GaussianBlur(2))
    picture = normal(saved(folder, photo, "x.png"), MediaType.PNG, folder)
    with Image.open(picture.path) as shown:
        steps = [abs(shown.getpixel((x, 100))[0] - shown.getpixel((x + 1, 100))[0]) for x in range(300)]  # type: ignore[index]
        assert max(steps) <= 12
        again = shown.resize(photo.size, Image.Resampling.BOX)
    difference = ImageStat.Stat(ImageChops.difference(again, photo)).mean
    assert max(difference) < 2
