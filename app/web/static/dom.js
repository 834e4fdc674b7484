/** Small help with the page's elements. */

/** The element with this id. @param {string} id @returns {any} */
export const byId = (id) => document.getElementById(id);

/** A new element with these properties. @param {string} name @returns {any} */
export function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

/** A copy of a template's element, and a way to its parts. @param {string} id */
export function copyOf(id) {
  const root = byId(id).content.firstElementChild.cloneNode(true);
  return { root, part: (/** @type {string} */ name) => root.querySelector(`[data-part=${name}]`) };
}

/**
 * The same video or share page at the address that this page is at: that one is known to lead here, whatever the
 * service takes for its public one. @param {string} link
 */
export function here(link) {
  const { pathname, search } = new URL(link);
  return new URL(pathname.slice(pathname.search(/\/(videos|share)\//) + 1) + search, document.baseURI).href;
}

/** Shows a text in an element, or hides that where there is none. */
export function tell(shown, text) {
  shown.textContent = text ?? "";
  shown.hidden = !text;
}

/** Reads a sentence out to who can't see the page; the same one not twice. @param {string} sentence */
export function announce(sentence) {
  const announcer = byId("announcer");
  if (announcer.textContent !== sentence) announcer.textContent = sentence;
}
