"""H.264 by hand: a picture that x264 encoded once is held by P slices that skip every macroblock.

A skipped macroblock repeats what was there before (P_Skip), so a frame in which all are skipped costs a slice
header, one run length and a stop bit: 7 bytes at 1080p. All clauses are those of Rec. ITU-T H.264 (08/2021).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, cycle, islice
from typing import Self

from worker.engines.h264.bits import BitReader, u, ue, with_trailing_bits

START_CODE = b"\x00\x00\x00\x01"

#: nal_unit_type (table 7-1).
IDR_SLICE, SPS, PPS = 5, 7, 8
#: nal_ref_idc 2, nal_unit_type 1: of a picture that isn't an IDR picture, and that the next one refers to.
P_SLICE_HEADER = b"\x41"

#: profile_idc of those whose SPS tells the chroma format (7.3.2.1.1), as far as x264 makes them.
HIGH_PROFILES = frozenset({100, 110, 122, 244})
CHROMA_420 = 1
#: pic_order_cnt_type in which frames are shown as they are decoded, and no slice says more of it.
DECODING_ORDER = 2
#: slice_type of a picture whose slices are all P (table 7-6).
ALL_P = 5


class Unsupported(Exception):
    """The stream has something that these slices are not made for."""


@dataclass(frozen=True)
class SequenceParameters:
    """What a P slice needs to know of an SPS: the bits of `frame_num`, and macroblocks in a picture."""

    log2_max_frame_num: int
    macroblocks: int

    @classmethod
    def parse(cls, nal: bytes) -> Self:
        """Reads seq_parameter_set_data() (7.3.2.1.1).

        Raises:
            Unsupported: fields, another chroma format than 4:2:0, scaling lists, or an order of its own.
        """
        bits = BitReader(unescaped(nal[1:]))
        profile_idc, _constraints, _level_idc = bits.u(8), bits.u(8), bits.u(8)
        _expect("seq_parameter_set_id", bits.ue(), 0)
        if profile_idc in HIGH_PROFILES:
            _expect_plain_420(bits)
        log2_max_frame_num = bits.ue() + 4
        _expect("pic_order_cnt_type", bits.ue(), DECODING_ORDER)
        _max_num_ref_frames, _gaps_allowed = bits.ue(), bits.u(1)
        macroblocks = (bits.ue() + 1) * (bits.ue() + 1)
        _expect("frame_mbs_only_flag", bits.u(1), 1)
        return cls(log2_max_frame_num, macroblocks)


def _expect_plain_420(bits: BitReader) -> None:
    _expect("chroma_format_idc", bits.ue(), CHROMA_420)
    _expect("bit_depth_luma_minus8", bits.ue(), 0)
    _expect("bit_depth_chroma_minus8", bits.ue(), 0)
    _expect("qpprime_y_zero_transform_bypass_flag", bits.u(1), 0)
    _expect("seq_scaling_matrix_present_flag", bits.u(1), 0)


@dataclass(frozen=True)
class PictureParameters:
    """What a P slice needs to know of a PPS: whether its header may switch the deblocking filter."""

    deblocking_control: bool

    @classmethod
    def parse(cls, nal: bytes) -> Self:
        """Reads pic_parameter_set_rbsp() (7.3.2.2).

        Raises:
            Unsupported: CABAC, slice groups, weighted prediction or redundant pictures.
        """
        bits = BitReader(unescaped(nal[1:]))
        _expect("pic_parameter_set_id", bits.ue(), 0)
        _expect("seq_parameter_set_id", bits.ue(), 0)
        _expect("entropy_coding_mode_flag", bits.u(1), 0)
        bits.u(1)  # bottom_field_pic_order_in_frame_present_flag: for pic_order_cnt_type 0 and 1 alone
        _expect("num_slice_groups_minus1", bits.ue(), 0)
        bits.ue(), bits.ue()  # num_ref_idx_default_active_minus1: every slice overrides it
        _expect("weighted_pred_flag", bits.u(1), 0)
        bits.u(2), bits.se(), bits.se(), bits.se()  # of B slices, and the quantisers
        deblocking_control = bool(bits.u(1))
        bits.u(1)  # constrained_intra_pred_flag
        _expect("redundant_pic_cnt_present_flag", bits.u(1), 0)
        return cls(deblocking_control)


def held(opening: bytes, frames: int) -> Iterator[bytes]:
    """A stream of `frames` frames, unit by unit: the one of `opening`, and then the same again and again.

    `opening` is a byte stream (annex B) with one SPS, one PPS and one IDR picture.

    Raises:
        Unsupported: `opening` is another stream than this, or uses what the slices don't know.
    """
    units = nal_units(opening)
    sps, pps = _only(units, SPS), _only(units, PPS)
    picture = [nal for nal in units if unit_type(nal) == IDR_SLICE]
    if not picture:
        raise Unsupported("no IDR picture")
    try:
        slices = _skipping(SequenceParameters.parse(sps), PictureParameters.parse(pps))
    except EOFError as error:
        raise Unsupported("a parameter set is cut off") from error
    return (START_CODE + nal for nal in chain((sps, pps, *picture), islice(slices, frames - 1)))


def _skipping(sequence: SequenceParameters, picture: PictureParameters) -> Iterator[bytes]:
    """The slices after an IDR picture, whose frame_num is 0, without end."""
    numbers = range(1 << sequence.log2_max_frame_num)
    slices = cycle([skip_slice(sequence, picture, number) for number in numbers])
    return islice(slices, 1, None)


def skip_slice(sequence: SequenceParameters, picture: PictureParameters, frame_num: int) -> bytes:
    """A NAL unit: the P slice of a whole picture that is the one before (7.3.3, 7.3.4)."""
    header = [
        ue(0),  # first_mb_in_slice
        ue(ALL_P),
        ue(0),  # pic_parameter_set_id
        u(frame_num, sequence.log2_max_frame_num),
        u(1, 1) + ue(0),  # num_ref_idx_active_override_flag: one reference, the picture before
        u(0, 1),  # ref_pic_list_modification_flag_l0
        u(0, 1),  # adaptive_ref_pic_marking_mode_flag: the window slides
        ue(0),  # slice_qp_delta
        ue(1) if picture.deblocking_control else "",  # disable_deblocking_filter_idc
    ]
    run = ue(sequence.macroblocks)  # mb_skip_run
    return P_SLICE_HEADER + escaped(with_trailing_bits("".join(header) + run))


def nal_units(stream: bytes) -> list[bytes]:
    """The NAL units of a byte stream, without start codes and the zeros behind them (annex B)."""
    return [unit.rstrip(b"\x00") for unit in re.split(b"\x00\x00\x01", stream)[1:]]


def unit_type(nal: bytes) -> int:
    """nal_unit_type (7.3.1)."""
    return nal[0] & 0x1F


def escaped(payload: bytes) -> bytes:
    """Puts emulation_prevention_three_bytes in, so that no start code is met within (7.4.1)."""
    return re.sub(b"\x00\x00(?=[\x00-\x03])", b"\x00\x00\x03", payload)


def unescaped(payload: bytes) -> bytes:
    """Takes them out again."""
    return payload.replace(b"\x00\x00\x03", b"\x00\x00")


def _only(units: list[bytes], wanted: int) -> bytes:
    found = [nal for nal in units if unit_type(nal) == wanted]
    if len(found) != 1:
        raise Unsupported(f"{len(found)} units of type {wanted}")
    return found[0]


def _expect(name: str, found: int, supported: int) -> None:
    if found != supported:
        raise Unsupported(f"{name} is {found}")
