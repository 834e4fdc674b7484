/** The form that a video is made with. */

import { submit } from "./api.js";
import { byId, tell } from "./dom.js";
import { FileField } from "./filefield.js";
import { offerRecording } from "./recording.js";
import { Sending } from "./sending.js";

const MISSING = { image: "Choose a picture first.", audio: "Choose a voice first, or record one." };

export class Composer {
  /**
   * @param {{mayMake: () => boolean, onMade: (jobId: string, picture: File) => void, onStopped: () => void,
   *   onProblem: (problem: any) => void, onWatch: (jobId: string) => void}} hears
   */
  constructor(hears) {
    this.hears = hears;
    this.form = byId("composer");
    this.sending = new Sending();
    this.files = Object.fromEntries(
      Object.keys(MISSING).map((name) => [name, new FileField(this.field(name), (fault) => this.blame(name, fault))]),
    );
    this.activeJobId = "";
    offerRecording((file) => this.files.audio.take(file));
    byId("composer-active").addEventListener("click", () => this.hears.onWatch(this.activeJobId));
    this.form.addEventListener("submit", (/** @type {Event} */ event) => {
      event.preventDefault();
      this.make();
    });
    // A file dropped beside the tiles would take the place of the page.
    for (const name of ["dragover", "drop"]) {
      window.addEventListener(name, (event) => event.target?.matches?.("[type=file]:enabled") || event.preventDefault());
    }
  }

  async make() {
    if (!(await this.isWhole()) || this.sending.isUnderWay || !this.hears.mayMake()) return;
    const picture = this.files.image.file;
    // What is disabled isn't part of a form: this is read before the sending begins.
    const content = this.content();
    try {
      const jobId = await this.sending.during((onShare, signal) => submit(content, onShare, signal));
      this.clear();
      this.hears.onMade(jobId, picture);
    } catch (problem) {
      byId("make").focus();
      if (this.sending.isStopped) this.hears.onStopped();
      else this.hears.onProblem(problem);
    }
  }

  /** What is sent. */
  content() {
    const form = new FormData(this.form);
    if (!form.get("webhookUrl")) form.delete("webhookUrl");
    return form;
  }

  clear() {
    this.form.reset();
    for (const file of Object.values(this.files)) file.clear();
    this.forgive();
  }

  /** Shows a problem beside the field that it is about, else above the button. @param {import("./api.js").Problem} problem */
  show(problem) {
    if (problem.part && this.field(problem.part)) {
      this.blame(problem.part, problem.message);
      this.field(problem.part).closest("details")?.setAttribute("open", "");
      this.field(problem.part).querySelector("input").focus();
    } else {
      this.complain(problem);
    }
  }

  complain({ code, message, jobId = "" }) {
    const isWait = code === "active_job_exists";
    this.activeJobId = jobId;
    tell(byId("composer-problem"), isWait ? `${message}. Your files stay here until you try again.` : message);
    byId("composer-active").hidden = !isWait;
    byId("composer-problem").focus();
  }

  /** Looks at the files anew: they may have gone since they were chosen. */
  async isWhole() {
    this.forgive();
    const fields = Object.entries(this.files);
    const faults = await Promise.all(fields.map(([name, field]) => (field.file ? field.fault() : MISSING[name])));
    fields.forEach(([name], at) => this.blame(name, faults[at]));
    fields.find((_, at) => faults[at])?.[1].input.focus();
    return !faults.some(Boolean);
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
    byId("composer-active").hidden = true;
  }
}
