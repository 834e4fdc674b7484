"""Frames that cost seven bytes, judged by ffmpeg's own decoder."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests.support.media_samples import ffmpeg
from worker.engines.h264 import skip_frames
from worker.engines.h264.bits import BitReader, u, ue, with_trailing_bits

#: What the still engine asks x264 for.
PLAIN = "cabac=0:bframes=0:weightp=0:scenecut=0:ref=1:keyint=250:min-keyint=250:rc-lookahead=0"
#: Past the wrap of frame_num, which has 4 bits.
FRAMES = 40


def opening(folder: Path, width: int, height: int, parameters: str = PLAIN, *more: str) -> bytes:
    """One frame of noise, as x264 encodes it."""
    picture, path = folder / "noise.png", folder / "opening.h264"
    noise = np.random.default_rng(1).integers(0, 256, (height, width, 3), np.uint8)
    Image.fromarray(noise).save(picture)
    chosen = ("-frames:v", "1", "-pix_fmt", "yuv420p", *more)
    ffmpeg("-i", picture, "-c:v", "libx264", "-x264-params", parameters, *chosen, path)
    return path.read_bytes()


def decoded(stream: bytes, folder: Path) -> list[np.ndarray]:
    """Every frame, by a decoder that takes offence at anything."""
    path = folder / "stream.h264"
    path.write_bytes(stream)
    with av.open(str(path), options={"err_detect": "explode"}) as film:
        film.streams.video[0].codec_context.options = {"err_detect": "explode"}
        return [frame.to_ndarray() for frame in film.decode(video=0)]


@pytest.mark.parametrize(
    ("width", "height"),
    [
        *[(2, 2), (16, 16), (18, 16), (16, 34), (2, 1920), (1920, 2), (48, 48), (64, 64), (240, 256)],
        *[(320, 240), (352, 288), (512, 512), (720, 1280), (1280, 720), (1080, 1920), (1920, 1080)],
    ],
)
def test_every_frame_is_the_first_one(tmp_path: Path, width: int, height: int) -> None:
    frames = decoded(b"".join(skip_frames.held(opening(tmp_path, width, height), FRAMES)), tmp_path)

    assert len(frames) == FRAMES
    assert all(np.array_equal(frame, frames[0]) for frame in frames)


def test_a_frame_of_full_hd_costs_seven_bytes(tmp_path: Path) -> None:
    *_, last = skip_frames.held(opening(tmp_path, 1920, 1080), FRAMES)

    assert len(last.removeprefix(skip_frames.START_CODE)) == 7


def test_a_single_frame_is_the_opening_without_the_encoder_s_own_words(tmp_path: Path) -> None:
    units = skip_frames.nal_units(b"".join(skip_frames.held(opening(tmp_path, 32, 32), 1)))

    assert [skip_frames.unit_type(unit) for unit in units] == [
        skip_frames.SPS,
        skip_frames.PPS,
        skip_frames.IDR_SLICE,
    ]


@pytest.mark.parametrize(
    ("parameters", "reason"),
    [
        (PLAIN.replace("cabac=0", "cabac=1"), "entropy_coding_mode_flag is 1"),
        (PLAIN.replace("weightp=0", "weightp=1"), "weighted_pred_flag is 1"),
        (PLAIN.replace("bframes=0", "bframes=3"), "pic_order_cnt_type is 0"),
        (PLAIN + ":interlaced=1", "pic_order_cnt_type is 0"),
    ],
)
def test_what_the_slices_don_t_know_is_refused(tmp_path: Path, parameters: str, reason: str) -> None:
    stream = opening(tmp_path, 32, 32, parameters, "-preset", "medium")

    with pytest.raises(skip_frames.Unsupported, match=reason):
        skip_frames.held(stream, 2)


def test_another_chroma_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(skip_frames.Unsupported, match="chroma_format_idc is 3"):
        skip_frames.held(opening(tmp_path, 32, 32, PLAIN, "-pix_fmt", "yuv444p"), 2)


def test_a_stream_without_its_parts_is_refused(tmp_path: Path) -> None:
    sps, pps, *rest = (unit for unit in skip_frames.nal_units(opening(tmp_path, 32, 32)))

    for units in ([pps, *rest], [sps, *rest], [sps, pps], [sps, sps, pps, *rest], [sps[:3], pps, *rest]):
        with pytest.raises(skip_frames.Unsupported):
            skip_frames.held(b"".join(skip_frames.START_CODE + unit for unit in units), 2)


@given(st.binary().map(lambda payload: payload + b"\x80"))
def test_escaping_hides_start_codes_and_can_be_undone(payload: bytes) -> None:
    escaped = skip_frames.escaped(payload)

    assert not any(code in escaped for code in (b"\0\0\0", b"\0\0\1", b"\0\0\2"))
    assert skip_frames.unescaped(escaped) == payload


@pytest.mark.parametrize(
    ("value", "code"), [(0, "1"), (1, "010"), (2, "011"), (3, "00100"), (7, "0001000"), (8, "0001001")]
)
def test_the_codes_are_those_of_table_9_2(value: int, code: str) -> None:
    assert ue(value) == code


@pytest.mark.parametrize(("code", "value"), [("1", 0), ("010", 1), ("011", -1), ("00100", 2), ("00101", -2)])
def test_the_signed_codes_are_those_of_table_9_3(code: str, value: int) -> None:
    assert BitReader(with_trailing_bits(code)).se() == value


@given(st.lists(st.integers(0, 2**20)))
def test_what_is_written_is_read(values: list[int]) -> None:
    bits = BitReader(with_trailing_bits("".join(ue(value) + u(value, 21) for value in values)))

    assert [(bits.ue(), bits.u(21)) for _ in values] == [(value, value) for value in values]
    assert bits.u(1) == 1


def test_reading_past_the_end_says_so() -> None:
    with pytest.raises(EOFError):
        BitReader(b"\x00").ue()
