/** A tile that takes one file: dropped on it, chosen, or handed to it; with a preview and a place for what is wrong. */

import { faultOf } from "./filecheck.js";
import { chosenIn, forgetFile, keepFile, keptFile } from "./keptfiles.js";
import { sizeWords } from "./words.js";

export class FileField {
  /** @param {any} root @param {(sentence: string) => void} onLook hears what is wrong with each new file, or "" */
  constructor(root, onLook) {
    const { field, accepted, maxBytes } = root.dataset;
    this.rule = { field, accepted, maxBytes: Number(maxBytes) };
    this.input = root.querySelector("input[type=file]");
    this.tile = root.querySelector("[data-part=tile]");
    this.preview = root.querySelector("[data-part=preview]");
    this.words = root.querySelector("[data-part=words]");
    this.invitation = this.words.textContent;
    this.onLook = onLook;
    this.shown = /** @type {File | null} */ (null);
    this.input.addEventListener("change", () => this.changed());
    // What isn't one can't be looked at.
    this.preview.addEventListener("error", () => (this.preview.hidden = true));
    for (const name of ["dragenter", "dragover"]) this.tile.addEventListener(name, () => this.tile.classList.add("over"));
    for (const name of ["dragleave", "drop"]) this.tile.addEventListener(name, () => this.tile.classList.remove("over"));
    // On a way back, browsers may fill fields in without a word.
    window.addEventListener("pageshow", () => this.shown !== this.file && this.show());
    this.restore();
  }

  /** @returns {File | null} */
  get file() {
    return this.input.files[0] ?? null;
  }

  /** As if the file had been chosen. @param {File} file */
  take(file) {
    this.put(file);
    this.changed();
  }

  clear() {
    this.input.value = "";
    this.changed();
  }

  /** What is wrong with its file, as a sentence; "" where nothing is, or where there is none. */
  async fault() {
    return this.file ? faultOf(this.file, this.rule) : "";
  }

  changed() {
    const name = chosenIn(this.rule.field);
    if (this.file) keepFile(name, this.file);
    else forgetFile(name);
    this.show();
  }

  async restore() {
    const kept = await keptFile(chosenIn(this.rule.field));
    if (!kept || this.file) return;
    this.put(kept);
    this.show();
  }

  put(file) {
    const carrier = new DataTransfer();
    carrier.items.add(file);
    this.input.files = carrier.files;
  }

  async show() {
    const { file } = this;
    this.shown = file;
    this.preview.hidden = !file?.size;
    this.tile.classList.toggle("full", Boolean(file));
    this.words.textContent = file ? `${file.name}, ${sizeWords(file.size)}` : this.invitation;
    URL.revokeObjectURL(this.preview.src);
    if (file?.size) this.preview.src = URL.createObjectURL(file);
    else this.preview.removeAttribute("src");
    const sentence = await this.fault();
    if (this.file === file) this.onLook(sentence);
  }
}
