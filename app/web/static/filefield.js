/** A tile that takes one file: dropped on it, chosen, or handed to it; with a preview and a place for what is wrong. */

import { sizeWords } from "./words.js";

export class FileField {
  /** @param {any} root @param {() => void} onChange */
  constructor(root, onChange = () => {}) {
    this.input = root.querySelector("input[type=file]");
    this.tile = root.querySelector("[data-part=tile]");
    this.preview = root.querySelector("[data-part=preview]");
    this.words = root.querySelector("[data-part=words]");
    this.invitation = this.words.textContent;
    this.onChange = onChange;
    this.input.addEventListener("change", () => this.show());
    // What isn't one can't be looked at; the service says what is wrong with it.
    this.preview.addEventListener("error", () => (this.preview.hidden = true));
    for (const name of ["dragenter", "dragover"]) this.tile.addEventListener(name, () => this.tile.classList.add("over"));
    for (const name of ["dragleave", "drop"]) this.tile.addEventListener(name, () => this.tile.classList.remove("over"));
  }

  get file() {
    return this.input.files[0] ?? null;
  }

  /** As if the file had been chosen. @param {File} file */
  take(file) {
    const carrier = new DataTransfer();
    carrier.items.add(file);
    this.input.files = carrier.files;
    this.show();
  }

  clear() {
    this.input.value = "";
    this.show();
  }

  show() {
    URL.revokeObjectURL(this.preview.src);
    this.preview.hidden = !this.file;
    this.tile.classList.toggle("full", Boolean(this.file));
    this.words.textContent = this.file ? `${this.file.name}, ${sizeWords(this.file.size)}` : this.invitation;
    if (this.file) this.preview.src = URL.createObjectURL(this.file);
    else this.preview.removeAttribute("src");
    this.onChange();
  }
}
