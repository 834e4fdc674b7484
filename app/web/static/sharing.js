/** A share link on its way to somebody. */

import { announce } from "./dom.js";

/** Copies it; where the browser doesn't let us, it is shown to be copied by hand. @param {string} link */
export async function copyLink(link) {
  try {
    await navigator.clipboard.writeText(link);
    announce("The link is copied");
    say("Link copied");
  } catch {
    window.prompt("Copy this link:", link);
  }
}

/** Words that come and go, for who sees the page. @param {string} words */
function say(words) {
  const note = document.createElement("p");
  note.className = "note";
  note.ariaHidden = "true";
  note.textContent = words;
  document.body.append(note);
  setTimeout(() => note.remove(), 2500);
}
