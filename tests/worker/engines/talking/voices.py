"""Sounds to listen to: the example voice, what is said in it, and what isn't speech at all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from app.media.media_types import MediaType
from tests.support.media_samples import wav_bytes
from tests.support.paths import VOICE
from worker.engines.talking.numerics.arrays import Floats
from worker.engines.talking.voice.features import Features
from worker.engines.talking.voice.phones import Phone
from worker.scene import Sound
from worker.sound.decoding import decode

Samples = npt.NDArray[np.float64]

VOICE_PHONES = Path(__file__).with_name("voice_phones.txt")
RATE = 48_000


def written(path: Path, samples: Samples, rate: int = RATE) -> Sound:
    """`samples` between -1 and 1, of shape (count,) or (count, channels), as a Sound."""
    pcm = np.asarray(np.clip(samples, -1, 1) * 32_767, "<i2")
    channels = 1 if pcm.ndim == 1 else pcm.shape[1]
    path.write_bytes(wav_bytes(pcm.tobytes(), channels=channels, sample_rate=rate))
    return Sound(path, rate, channels, len(pcm))


def repeated(sound: Sound, path: Path, times: int) -> Sound:
    """A mono sound so many times over; its samples are never in memory all at once as numbers."""
    pcm = sound.path.read_bytes()[-sound.samples * 2 :]
    path.write_bytes(wav_bytes(pcm * times, sample_rate=sound.sample_rate))
    return Sound(path, sound.sample_rate, 1, sound.samples * times)


def read(sound: Sound) -> Samples:
    """The samples of a Sound that was written or decoded here, of shape (count, channels)."""
    pcm = np.frombuffer(sound.path.read_bytes()[-sound.samples * sound.channels * 2 :], "<i2")
    return pcm.reshape(-1, sound.channels) / 32_768


def spoken(folder: Path) -> Sound:
    """The example voice, decoded as a job decodes it."""
    return decode(VOICE, MediaType.MP3, folder, max_seconds=60, report=lambda _: None)


def spoken_phones() -> list[Phone]:
    """What the example voice says, and when."""
    lines = [line.split() for line in VOICE_PHONES.read_text().splitlines() if not line.startswith("#")]
    return [Phone(name, float(start), float(end)) for name, start, end in lines]


def silence(seconds: float) -> Samples:
    return np.zeros(round(seconds * RATE))


def tone(seconds: float, hz: float = 440, rate: int = RATE) -> Samples:
    return np.asarray(0.5 * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate))


def pink_noise(seconds: float) -> Samples:
    """Noise of equal power per octave."""
    count = round(seconds * RATE)
    spectrum = np.fft.rfft(np.random.default_rng(1).standard_normal(count))
    noise = np.fft.irfft(spectrum / np.sqrt(np.arange(len(spectrum)) + 1), count)
    return np.asarray(0.2 * noise / noise.std())


def saxophone(seconds: float) -> Samples:
    """Something like a saxophone's solo: 160 notes a minute with a vibrato, and 19 harmonics."""
    time = np.arange(round(seconds * RATE)) / RATE
    note = np.asarray(time * 160 / 60, np.int64)
    hz = np.random.default_rng(0).choice([220, 247, 262, 294, 330, 349, 392, 440], note[-1] + 1)[note]
    phase = 2 * np.pi * np.cumsum(hz * (1 + 0.008 * np.sin(2 * np.pi * 5.5 * time))) / RATE
    tone = sum(np.sin(number * phase) / number**0.8 for number in range(1, 20))
    return np.asarray(0.1 * tone * np.clip(20 * (time * 160 / 60 % 1), 0, 1))


def vowel(seconds: float) -> Samples:
    """Something like an open, loud "ah": a buzz at 120 Hz with formants at 700, 1200 and 2500 Hz."""
    time = np.arange(round(seconds * RATE)) / RATE
    harmonics = 120.0 * np.arange(1, 30)
    strength = sum(np.exp(-(((harmonics - hz) / 150) ** 2)) for hz in (700, 1_200, 2_500)) + 0.05
    buzz = (strength * np.sin(2 * np.pi * time[:, None] * harmonics)).sum(axis=1)
    return np.asarray(0.5 * buzz / np.abs(buzz).max())


def loud_features(seconds: float = 2) -> Features:
    return features_like(np.ones(round(seconds * 100), np.float32))


def features_like(loudness: Floats, openness: float = 0.5) -> Features:
    """A voice that is as loud and as open as this at 100 Hz, neither front nor back, without hiss."""
    gate = (loudness > 0).astype(np.float32)
    nothing = np.zeros(len(loudness), np.float32)
    return Features(loudness, gate, nothing + np.float32(openness), nothing - 1.1, nothing, 1.0)
