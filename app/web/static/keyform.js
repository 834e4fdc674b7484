/** Where the key is pasted, and changed. */

import { call } from "./api.js";
import { byId, tell } from "./dom.js";
import { currentKey, forget, keep, looksLikeKey } from "./key.js";

const TAIL = 4;

export class KeyForm {
  /** @param {() => void} onKey a key is there, and it is good */
  constructor(onKey) {
    this.form = byId("key-form");
    this.input = byId("key");
    this.onKey = onKey;
    this.form.addEventListener("submit", (/** @type {Event} */ event) => {
      event.preventDefault();
      this.take(this.input.value.trim());
    });
    byId("key-change").addEventListener("click", () => this.ask(""));
  }

  /** Asks for a key, and says what is wrong with the last one. @param {string} sentence */
  ask(sentence) {
    forget();
    this.input.value = "";
    byId("key-chip").hidden = true;
    byId("jobs").hidden = true;
    this.form.hidden = false;
    this.blame(sentence);
    this.input.focus();
  }

  async take(key) {
    if (!looksLikeKey(key)) return this.blame("Paste the key as it was shown, in one line.");
    keep(key, byId("key-remember").checked);
    try {
      await call("api/jobs?limit=1");
      this.accept();
    } catch (problem) {
      forget();
      this.blame(problem.message);
      this.input.focus();
    }
    return undefined;
  }

  /** The key that is kept is the one to use. */
  accept() {
    this.blame("");
    this.form.hidden = true;
    this.input.value = "";
    byId("key-chip").hidden = false;
    byId("key-end").textContent = `…${currentKey()?.slice(-TAIL)}`;
    byId("jobs").hidden = false;
    this.onKey();
  }

  blame(sentence) {
    tell(byId("key-problem"), sentence);
    this.input.setAttribute("aria-invalid", String(Boolean(sentence)));
  }
}
