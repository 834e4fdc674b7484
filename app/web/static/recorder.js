/** The microphone: a recording in a form that the service takes. */

import { asWav } from "./wav.js";

/** What is sent as it comes, with its file's ending. Opus in MP4 isn't taken. */
const TAKEN = [
  ["audio/mp4;codecs=mp4a.40.2", "m4a"],
  ["audio/ogg;codecs=opus", "ogg"],
  ["audio/webm;codecs=opus", "webm"],
];

/** Browsers lend the microphone to secure pages only. */
export const canRecord = () => Boolean(navigator.mediaDevices?.getUserMedia && window.MediaRecorder);

/** Begins to record. `stop` ends it and gives the file. Raises what getUserMedia does. */
export async function record() {
  const [type, ending] = TAKEN.find(([type]) => MediaRecorder.isTypeSupported(type)) ?? [];
  const microphone = await navigator.mediaDevices.getUserMedia({ audio: true });
  const recorder = new MediaRecorder(microphone, type ? { mimeType: type } : {});
  const pieces = /** @type {Blob[]} */ ([]);
  recorder.ondataavailable = (event) => pieces.push(event.data);
  const stopped = new Promise((resolve) => (recorder.onstop = resolve));
  recorder.start();
  const stop = async () => {
    recorder.stop();
    await stopped;
    microphone.getTracks().forEach((track) => track.stop());
    const whole = new Blob(pieces, { type: recorder.mimeType });
    return type ? new File([whole], `recording.${ending}`, { type }) : new File([await asWav(whole)], "recording.wav", { type: "audio/wav" });
  };
  return { stop };
}

/** Why there is no recording, for a person. @param {any} error */
export function whyNot(error) {
  if (error.name === "NotAllowedError") return "The microphone may not be used. Allow it in the browser's settings.";
  if (error.name === "NotFoundError") return "No microphone was found.";
  return "The recording didn't work. Try again, or choose a file.";
}
