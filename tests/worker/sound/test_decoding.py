"""Any sound in, 16-bit PCM of the exact length out; or a sentence that says why not."""

from __future__ import annotations

import math
import struct
import wave
from array import array
from pathlib import Path
from random import Random

import pytest

from app.media.media_types import MediaType
from tests.support.media_samples import Samples, ffmpeg, wav_bytes
from worker.errors import RenderFailed
from worker.scene import Sound
from worker.sound.decoding import decode

WAV, MP3, M4A, OGG = MediaType.WAV, MediaType.MP3, MediaType.M4A, MediaType.OGG
WEBM, AAC, FLAC, AIFF = MediaType.WEBM, MediaType.AAC, MediaType.FLAC, MediaType.AIFF


def decoded(source: Path, media_type: MediaType, folder: Path, max_seconds: int = 60) -> Sound:
    return decode(source, media_type, folder, max_seconds=max_seconds, report=lambda _: None)


def codes(sound: Sound) -> list[str]:
    return [notice.code for notice in sound.notices]


def read(sound: Sound) -> array[int]:
    """The samples, interleaved."""
    with wave.open(str(sound.path)) as file:
        assert (file.getnchannels(), file.getframerate()) == (sound.channels, sound.sample_rate)
        assert (file.getsampwidth(), file.getnframes()) == (2, sound.samples)
        return array("h", file.readframes(sound.samples))


def loudness(samples: array[int], hertz: float, rate: int) -> float:
    """How much of a pure tone is in the samples, of a full-scale one (Goertzel's sum, straight)."""
    turns = [2 * math.pi * hertz * index / rate for index in range(len(samples))]
    real = sum(value * math.cos(turn) for value, turn in zip(samples, turns, strict=True))
    imaginary = sum(value * math.sin(turn) for value, turn in zip(samples, turns, strict=True))
    return 2 * math.hypot(real, imaginary) / len(samples) / 32_768


@pytest.mark.parametrize(
    ("name", "media_type", "options"),
    [
        ("u8.wav", WAV, ["-c:a", "pcm_u8"]),
        ("s16.wav", WAV, []),
        ("s24.wav", WAV, ["-c:a", "pcm_s24le"]),
        ("s32.wav", WAV, ["-c:a", "pcm_s32le"]),
        ("f32.wav", WAV, ["-c:a", "pcm_f32le"]),
        ("f64.wav", WAV, ["-c:a", "pcm_f64le"]),
        ("alaw.wav", WAV, ["-c:a", "pcm_alaw"]),
        ("rf64.wav", WAV, ["-rf64", "always"]),
        ("cbr.mp3", MP3, ["-b:a", "128k"]),
        ("vbr.mp3", MP3, ["-q:a", "3"]),
        ("aac.m4a", M4A, ["-c:a", "aac"]),
        ("alac.m4a", M4A, ["-c:a", "alac"]),
        ("vorbis.ogg", OGG, ["-c:a", "libvorbis"]),
        ("mulaw.wav", WAV, ["-c:a", "pcm_mulaw"]),
        ("s16.flac", FLAC, []),
        ("s24.flac", FLAC, ["-sample_fmt", "s32"]),
        ("s16.aiff", AIFF, []),
        ("s24.aiff", AIFF, ["-c:a", "pcm_s24be"]),
        ("sowt.aiff", AIFF, ["-c:a", "pcm_s16le"]),
    ],
)
def test_every_codec_gives_the_exact_length_and_the_tone(
    samples: Samples, folder: Path, name: str, media_type: MediaType, options: list[str]
) -> None:
    sound = decoded(samples.tone(name, *options, seconds=1.5), media_type, folder)
    assert (sound.sample_rate, sound.channels, sound.samples) == (44_100, 2, 66_150)
    assert codes(sound) == []
    heard = read(sound)
    assert loudness(heard[0::2], 300, 44_100) == pytest.approx(0.3, abs=0.02)
    assert loudness(heard[1::2], 410, 44_100) == pytest.approx(0.3, abs=0.02)
    assert loudness(heard[0::2], 410, 44_100) < 0.02


@pytest.mark.parametrize(
    ("name", "media_type", "options"),
    [
        ("ima.wav", WAV, ["-c:a", "adpcm_ima_wav"]),
        ("ms.wav", WAV, ["-c:a", "adpcm_ms"]),
        ("voice.aac", AAC, []),
        ("tagged.aac", AAC, ["-write_id3v2", "1", "-metadata", "title=A voice"]),
        ("opus.webm", WEBM, ["-c:a", "libopus", "-ar", "48000"]),
        ("live.webm", WEBM, ["-c:a", "libopus", "-ar", "48000", "-live", "1"]),
        ("vorbis.webm", WEBM, ["-c:a", "libvorbis"]),
    ],
)
def test_codecs_of_whole_blocks_give_the_length_to_a_block_and_the_tone(
    samples: Samples, folder: Path, name: str, media_type: MediaType, options: list[str]
) -> None:
    sound = decoded(samples.tone(name, *options, seconds=1.5), media_type, folder)
    assert sound.channels == 2
    assert sound.duration_seconds == pytest.approx(1.5, abs=0.06)
    assert codes(sound) == []
    heard = read(sound)
    assert loudness(heard[0::2], 300, sound.sample_rate) == pytest.approx(0.3, abs=0.03)
    assert loudness(heard[1::2], 410, sound.sample_rate) == pytest.approx(0.3, abs=0.03)


@pytest.mark.parametrize("length", [200, 700, 60_000])
def test_rubbish_before_an_mp3_is_skipped(samples: Samples, folder: Path, length: int) -> None:
    plain = samples.tone("rubbish.mp3", "-b:a", "64k", seconds=1.5)
    rubbish = b"\x07" + Random(length).randbytes(length)
    whole, behind = decoded(plain, MP3, folder), samples.written("behind.mp3", rubbish + plain.read_bytes())
    expected = read(whole)
    sound = decoded(behind, MP3, folder)
    assert (sound.samples, codes(sound)) == (whole.samples, [])
    assert read(sound) == expected


def test_tags_around_an_mp3_are_not_heard(samples: Samples, folder: Path) -> None:
    plain = samples.tone("tagged.mp3", "-b:a", "64k", seconds=1.5)
    ape = b"APETAGEX" + struct.pack("<IIII8x", 2000, 100_000, 1, 0xA000_0000) + bytes(99_968)
    footer = ape + b"APETAGEX" + struct.pack("<IIII8x", 2000, 100_000, 1, 0x8000_0000)
    id3 = b"ID3\x03\0\0\0\x10\0\0" + bytes(0x10 << 14)
    source = samples.written("tags.mp3", id3 + ape + bytes(32) + plain.read_bytes() + footer)
    expected = decoded(plain, MP3, folder).duration_seconds
    sound = decoded(source, MP3, folder)
    # A tag at the end may cost the knowledge of how much of the last frame is sound.
    assert sound.duration_seconds == pytest.approx(expected, abs=1152 / 44_100)
    assert codes(sound) == []


def test_opus_is_heard_at_48_khz(samples: Samples, folder: Path) -> None:
    sound = decoded(samples.tone("opus.ogg", "-c:a", "libopus", seconds=1.5, rate=48_000), OGG, folder)
    assert (sound.sample_rate, sound.samples) == (48_000, 72_000)


@pytest.mark.parametrize(
    ("rate", "expected_rate"),
    [
        (8000, 48_000),
        (11_025, 44_100),
        (22_050, 44_100),
        (32_000, 48_000),
        (48_000, 48_000),
        (88_200, 44_100),
        (96_000, 48_000),
    ],
)
def test_rates_become_ones_that_play_everywhere(
    samples: Samples, folder: Path, rate: int, expected_rate: int
) -> None:
    sound = decoded(samples.tone(f"{rate}.wav", rate=rate, seconds=1, layout="mono"), WAV, folder)
    assert sound.sample_rate == expected_rate
    assert sound.duration_seconds == pytest.approx(1, abs=1 / rate)
    assert loudness(read(sound), 300, expected_rate) == pytest.approx(0.3, abs=0.02)


@pytest.mark.parametrize(("layout", "channels"), [("mono", 1), ("stereo", 2), ("5.1", 2), ("7.1", 2)])
def test_mono_stays_and_the_rest_becomes_stereo(
    samples: Samples, folder: Path, layout: str, channels: int
) -> None:
    sound = decoded(samples.tone(f"{layout}.wav", layout=layout, seconds=0.5), WAV, folder)
    assert (sound.channels, sound.samples) == (channels, 22_050)
    left = read(sound)[0::channels]
    assert loudness(left, 300, 44_100) > 0.05
    assert channels == 1 or loudness(left, 410, 44_100) < 0.02


@pytest.mark.parametrize("channels", [3, 9, 40])
def test_channels_without_a_place_are_heard(folder: Path, samples: Samples, channels: int) -> None:
    tone = [round(9000 * math.sin(2 * math.pi * 300 * index / 44_100)) for index in range(4410)]
    pcm = b"".join(struct.pack("<h", value) * channels for value in tone)
    source = samples.written(f"{channels}.wav", wav_bytes(pcm, channels=channels))
    sound = decoded(source, WAV, folder)
    assert (sound.channels, sound.samples) == (2, 4410)
    assert loudness(read(sound)[0::2], 300, 44_100) > 0.1


def test_cover_art_is_no_obstacle(samples: Samples, folder: Path) -> None:
    plain = samples.tone("plain.mp3", "-b:a", "64k", seconds=1)
    source = folder / "cover.mp3"
    ffmpeg("-i", plain, "-i", samples.picture(), "-map", "0:a", "-map", "1:v", "-c:a", "copy", source)
    sound = decoded(source, MP3, folder)
    assert sound.samples == 44_100
    assert codes(sound) == []


@pytest.mark.parametrize("claimed_bytes", [0, 0xFFFFFFFF])
def test_a_streamed_header_is_no_lie(samples: Samples, folder: Path, claimed_bytes: int) -> None:
    source = samples.written("streamed.wav", wav_bytes(bytes(88_200), claimed_bytes=claimed_bytes))
    sound = decoded(source, WAV, folder)
    assert sound.samples == 44_100
    assert codes(sound) == []


@pytest.mark.parametrize("claimed_bytes", [8820, 882_000])
def test_the_true_length_wins_over_the_header(samples: Samples, folder: Path, claimed_bytes: int) -> None:
    pcm = bytes(range(1, 246)) * 360
    source = samples.written("lying.wav", wav_bytes(pcm, claimed_bytes=claimed_bytes))
    sound = decoded(source, WAV, folder)
    assert sound.samples == len(pcm) // 2
    assert codes(sound) == ["audio_header_wrong"]


def test_chunks_after_the_sound_are_not_heard(samples: Samples, folder: Path) -> None:
    note = b"LIST" + struct.pack("<I", 400) + bytes(400)
    source = samples.written("noted.wav", wav_bytes(bytes(8820)) + note)
    sound = decoded(source, WAV, folder)
    assert (sound.samples, codes(sound)) == (4410, [])


def test_a_cut_mp3_is_used_as_far_as_it_goes(samples: Samples, folder: Path) -> None:
    whole = samples.tone("cut-me.mp3", "-q:a", "4", seconds=4)
    sound = decoded(samples.cut(whole, 0.5), MP3, folder)
    assert 0.5 < sound.duration_seconds < 3.5
    assert "audio_header_wrong" in codes(sound)


@pytest.mark.parametrize(
    ("name", "media_type", "options"),
    [
        ("whole.mp3", MP3, ["-b:a", "128k"]),
        ("whole.m4a", M4A, ["-c:a", "aac"]),
        ("whole.ogg", OGG, ["-c:a", "libvorbis"]),
    ],
)
def test_damage_in_the_middle_is_told(
    samples: Samples, folder: Path, name: str, media_type: MediaType, options: list[str]
) -> None:
    content = bytearray(samples.tone(name, *options, seconds=4).read_bytes())
    middle = len(content) // 2
    content[middle : middle + 1500] = b"\xa5" * 1500
    sound = decoded(samples.written(f"damaged-{name}", bytes(content)), media_type, folder)
    assert sound.duration_seconds > 1
    assert "audio_damaged" in codes(sound)


def test_an_index_at_the_front_lets_a_cut_m4a_be_used(samples: Samples, folder: Path) -> None:
    whole = samples.tone("front.m4a", "-c:a", "aac", "-movflags", "+faststart", seconds=4)
    sound = decoded(samples.cut(whole, 0.6), M4A, folder)
    assert 1 < sound.duration_seconds < 3.5
    assert "audio_header_wrong" in codes(sound)


def test_one_sample_is_a_sound(samples: Samples, folder: Path) -> None:
    sound = decoded(samples.written("one.wav", wav_bytes(b"\0\x40")), WAV, folder)
    assert (sound.samples, list(read(sound))) == (1, [0x4000])


@pytest.mark.parametrize("claimed_bytes", [0, 4])
def test_no_sample_is_none(samples: Samples, folder: Path, claimed_bytes: int) -> None:
    source = samples.written("none.wav", wav_bytes(b"", claimed_bytes=claimed_bytes))
    with pytest.raises(RenderFailed, match="audio file"):
        decoded(source, WAV, folder)


def test_a_film_without_sound_holds_none(samples: Samples, folder: Path) -> None:
    film = folder / "film.m4a"
    ffmpeg("-f", "lavfi", "-i", "testsrc=d=0.2", "-c:v", "libx264", "-f", "mp4", film)
    with pytest.raises(RenderFailed, match="holds no sound"):
        decoded(film, M4A, folder)


def test_a_foreign_codec_is_named(samples: Samples, folder: Path) -> None:
    foreign = samples.tone("foreign.m4a", "-c:a", "libmp3lame", "-f", "mp4")
    with pytest.raises(RenderFailed, match="AAC or ALAC"):
        decoded(foreign, M4A, folder)


def test_the_longest_allowed_passes_and_a_little_more_does_not(samples: Samples, folder: Path) -> None:
    exact = samples.written("2s.wav", wav_bytes(bytes(176_400)))
    more = samples.written("2s-more.wav", wav_bytes(bytes(176_402)))
    assert decoded(exact, WAV, folder, max_seconds=2).duration_seconds == 2
    with pytest.raises(RenderFailed, match="too long: at most 2 seconds"):
        decoded(more, WAV, folder, max_seconds=2)


@pytest.mark.fault(22)
def test_what_is_too_long_is_not_decoded_to_its_end(samples: Samples, folder: Path) -> None:
    source = samples.tone("long.mp3", "-b:a", "8k", seconds=600, rate=8000, layout="mono")
    with pytest.raises(RenderFailed, match="too long"):
        decoded(source, MP3, folder, max_seconds=3)
    assert (folder / "sound.wav").stat().st_size < 5 * 48_000 * 2


@pytest.mark.parametrize("media_type", [WAV, MP3, M4A, OGG, WEBM, AAC, FLAC, AIFF])
@pytest.mark.parametrize(
    "content", [b"", b"\0", b"RIFF", b"\xff\xfb\x90\x64" * 3, bytes(100_000), bytes(range(256)) * 99]
)
def test_rubbish_ends_in_a_sentence(
    samples: Samples, folder: Path, media_type: MediaType, content: bytes
) -> None:
    with pytest.raises(RenderFailed, match="audio file"):
        decoded(samples.written("rubbish", content), media_type, folder)


@pytest.mark.fault(22)
@pytest.mark.parametrize("media_type", [WAV, MP3, M4A, OGG, WEBM, AAC, FLAC, AIFF])
@pytest.mark.parametrize(
    "script", ["ffconcat version 1.0\nfile secret.wav\n", "#EXTM3U\n#EXTINF:1,\nsecret.wav\n"]
)
def test_a_script_does_not_open_its_neighbour(
    samples: Samples, folder: Path, media_type: MediaType, script: str
) -> None:
    (folder / "secret.wav").write_bytes(wav_bytes(bytes(88_200)))
    source = folder / "script.mp3"
    source.write_text(script)
    with pytest.raises(RenderFailed):
        decoded(source, media_type, folder)


def test_progress_is_the_decoded_share(samples: Samples, folder: Path) -> None:
    shares: list[float] = []
    source = samples.tone("s16.wav", seconds=1.5)
    decode(source, WAV, folder, max_seconds=60, report=shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1
