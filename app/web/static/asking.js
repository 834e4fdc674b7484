/** A question before what can't be undone. */

import { byId } from "./dom.js";

/** Whether the person says yes to the dialog with this id. @param {string} id @returns {Promise<boolean>} */
export function saysYes(id) {
  const dialog = byId(id);
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) =>
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true }),
  );
}
