/** The form that a video is made with. */

import { Problem, submit } from "./api.js";
import { byId, tell } from "./dom.js";
import { FileField } from "./filefield.js";
import { offerRecording } from "./recording.js";

const MISSING = { image: "Choose a picture first.", audio: "Choose a voice first, or record one." };

export class Composer {
  /** @param {(composer: Composer) => void} onSubmit */
  constructor(onSubmit) {
    this.form = byId("composer");
    this.files = Object.fromEntries(
      Object.keys(MISSING).map((name) => [name, new FileField(this.field(name), () => this.blame(name, ""))]),
    );
    offerRecording((file) => this.files.audio.take(file));
    this.form.addEventListener("submit", (/** @type {Event} */ event) => {
      event.preventDefault();
      if (this.isWhole()) onSubmit(this);
    });
    // A file dropped beside the tiles would take the place of the page.
    for (const name of ["dragover", "drop"]) {
      window.addEventListener(name, (event) => event.target?.type === "file" || event.preventDefault());
    }
  }

  /** Sends it; resolves with the new job's id. @param {(share: number) => void} onShare */
  send(onShare) {
    const form = new FormData(this.form);
    if (!form.get("webhookUrl")) form.delete("webhookUrl");
    return submit(form, onShare);
  }

  /** The address of the chosen picture, to be shown meanwhile. */
  get picture() {
    return this.files.image.preview.src;
  }

  set hidden(hidden) {
    this.form.hidden = hidden;
  }

  clear() {
    this.form.reset();
    for (const file of Object.values(this.files)) file.clear();
    this.forgive();
  }

  /** Shows a problem beside the field that it is about, else above the button. @param {Problem} problem */
  show(problem) {
    if (problem.part && this.field(problem.part)) {
      this.blame(problem.part, problem.message);
      this.field(problem.part).closest("details")?.setAttribute("open", "");
      this.field(problem.part).querySelector("input").focus();
    } else {
      tell(byId("composer-problem"), problem.message);
      byId("composer-problem").focus();
    }
  }

  isWhole() {
    this.forgive();
    const missing = Object.keys(MISSING).filter((name) => !this.files[name].file);
    for (const name of missing) this.blame(name, MISSING[name]);
    if (missing.length) this.files[missing[0]].input.focus();
    return missing.length === 0;
  }

  field(name) {
    return [...this.form.querySelectorAll("[data-field]")].find((each) => each.dataset.field === name);
  }

  blame(name, sentence) {
    const field = this.field(name);
    tell(field.querySelector("[data-part=problem]"), sentence);
    field.querySelector("input").setAttribute("aria-invalid", String(Boolean(sentence)));
  }

  forgive() {
    for (const field of this.form.querySelectorAll("[data-field]")) this.blame(field.dataset.field, "");
    tell(byId("composer-problem"), "");
  }
}
