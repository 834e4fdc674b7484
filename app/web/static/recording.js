/** The button that records, and the time beside it. */

import { announce, byId, tell } from "./dom.js";
import { canRecord, record, whyNot } from "./recorder.js";
import { clockWords } from "./words.js";

/** @param {(file: File) => void} onFile */
export function offerRecording(onFile) {
  const button = byId("record");
  let running = /** @type {{stop: () => Promise<File>, timer: number} | null} */ (null);
  button.hidden = !canRecord();

  async function begin() {
    const recording = await record();
    const begunAt = Date.now();
    const tick = () => tell(byId("record-time"), clockWords((Date.now() - begunAt) / 1000));
    tick();
    running = { ...recording, timer: window.setInterval(tick, 250) };
    announce("Recording");
  }

  async function end() {
    const { stop, timer } = /** @type {any} */ (running);
    running = null;
    clearInterval(timer);
    tell(byId("record-time"), "");
    onFile(await stop());
    announce("The recording is ready");
  }

  button.addEventListener("click", async () => {
    button.disabled = true;
    tell(byId("audio-problem"), "");
    try {
      await (running ? end() : begin());
    } catch (error) {
      tell(byId("audio-problem"), whyNot(error));
    }
    button.disabled = false;
    button.classList.toggle("live", Boolean(running));
    byId("record-words").textContent = running ? "Stop" : "Record";
    button.focus();
  });
}
