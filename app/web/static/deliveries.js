/** The webhook of a job and every try to deliver it. */

import { call } from "./api.js";
import { announce, byId, element, tell } from "./dom.js";
import { agoWords } from "./words.js";

const WORDS = {
  PENDING: "It will be tried again.",
  DELIVERED: "It was delivered.",
  GIVEN_UP: "It was given up.",
};
const LOOK_AGAIN_MS = 2000;

/** Shows them until the dialog is closed. @param {string} jobId */
export async function showDeliveries(jobId) {
  const dialog = byId("deliveries");
  const look = () => shown(jobId);
  byId("deliveries-body").replaceChildren(element("p", { textContent: "One moment …" }));
  byId("deliveries-again").hidden = true;
  dialog.showModal();
  const timer = setInterval(look, LOOK_AGAIN_MS);
  dialog.addEventListener("close", () => clearInterval(timer), { once: true });
  await look();
}

async function shown(jobId) {
  try {
    const { deliveries } = await call(`api/jobs/${jobId}/deliveries`);
    byId("deliveries-body").replaceChildren(...deliveries.flatMap(partsOf), ...(deliveries.length ? [] : [nothing()]));
    offerAgain(jobId, deliveries[0]);
    tell(byId("deliveries-problem"), "");
  } catch (problem) {
    tell(byId("deliveries-problem"), problem.message);
  }
}

const nothing = () => element("p", { textContent: "Nothing has been sent: the job hasn't ended." });

function partsOf({ event, url, status, tries }) {
  const words = element("p", {}, element("code", { textContent: event }), ` to ${url}. ${WORDS[status]}`);
  return tries.length ? [words, tableOf(tries)] : [words];
}

function tableOf(tries) {
  const row = (name, cells) => element("tr", {}, ...cells.map((text) => element(name, { textContent: text })));
  const head = row("th", ["Try", "When", "Answer", "Took"]);
  for (const cell of head.children) cell.scope = "col";
  const rows = tries.map((one) => row("td", [one.number, agoWords(one.at), one.status ?? one.error, `${one.ms} ms`]));
  return element("table", {}, element("thead", {}, head), element("tbody", {}, ...rows));
}

function offerAgain(jobId, delivery) {
  const button = byId("deliveries-again");
  button.hidden = !delivery;
  button.onclick = async () => {
    try {
      const { message } = await call(`api/jobs/${jobId}/deliveries/${delivery.id}/redeliver`, { method: "POST" });
      announce(message);
      await shown(jobId);
    } catch (problem) {
      tell(byId("deliveries-problem"), problem.message);
    }
  };
}
