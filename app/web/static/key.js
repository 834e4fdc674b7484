/** The API key: kept in this tab, or on this device if its owner says so. Never in an address. */

const NAME = "talkreel-key";

/** What a key may hold: what a header may. */
export const looksLikeKey = (/** @type {string} */ text) => /^[\x21-\x7e]+$/.test(text);

export const currentKey = () => sessionStorage.getItem(NAME) ?? localStorage.getItem(NAME);

/** @param {string} key @param {boolean} onDevice */
export function keep(key, onDevice) {
  forget();
  (onDevice ? localStorage : sessionStorage).setItem(NAME, key);
}

export function forget() {
  sessionStorage.removeItem(NAME);
  localStorage.removeItem(NAME);
}
