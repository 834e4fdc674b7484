/** Sound as a WAV file: what every browser can make and the service takes. */

const SAMPLE_RATE = 48_000;
const HEADER_BYTES = 44;

/** Whatever this browser can decode, as mono 16-bit PCM at 48 kHz. @param {Blob} recording */
export async function asWav(recording) {
  const context = new OfflineAudioContext(1, 1, SAMPLE_RATE);
  const sound = await context.decodeAudioData(await recording.arrayBuffer());
  return new Blob([wavOf(mixed(sound))], { type: "audio/wav" });
}

/** The mean of the channels, from -1 to 1. @param {AudioBuffer} sound */
function mixed(sound) {
  const channels = Array.from({ length: sound.numberOfChannels }, (_, number) => sound.getChannelData(number));
  return channels[0].map((_, at) => channels.reduce((sum, channel) => sum + channel[at], 0) / channels.length);
}

/** RIFF WAVE with a PCM format chunk (Microsoft, "New Multimedia Data Types", 1994). @param {Float32Array} samples */
function wavOf(samples) {
  const view = new DataView(new ArrayBuffer(HEADER_BYTES + samples.length * 2));
  const word = (at, text) => [...text].forEach((letter, n) => view.setUint8(at + n, letter.charCodeAt(0)));
  word(0, "RIFF");
  view.setUint32(4, HEADER_BYTES - 8 + samples.length * 2, true);
  word(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, SAMPLE_RATE, true);
  view.setUint32(28, SAMPLE_RATE * 2, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  word(36, "data");
  view.setUint32(40, samples.length * 2, true);
  samples.forEach((sample, n) => view.setInt16(HEADER_BYTES + n * 2, Math.max(-1, Math.min(1, sample)) * 32_767, true));
  return view.buffer;
}
