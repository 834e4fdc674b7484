/** One job in the list: what it is, and what can be done with it. */

import { copyOf, element, here } from "./dom.js";
import { agoWords, statusWords } from "./words.js";

/**
 * A row for the job. Its buttons call `does` with the name of what is to be done.
 * @param {any} job an item of the API's list @param {(action: string, job: any) => void} does
 */
export function rowOf(job, does) {
  const { root, part } = copyOf("job");
  root.dataset.job = job.id;
  part("badge").textContent = statusWords(job.status);
  part("badge").classList.add(job.status.toLowerCase());
  Object.assign(part("created"), { dateTime: job.createdAt, textContent: agoWords(job.createdAt) });
  part("created").title = new Date(job.createdAt).toLocaleString();
  part("created").parentElement.id = `about-${job.id}`;
  part("detail").textContent = detailOf(job);
  part("thumb").append(...thumbOf(job));
  part("actions").append(...actionsOf(job, does));
  return root;
}

function detailOf({ errorMessage, retries, restorableUntil }) {
  if (restorableUntil) return `Deleted. It can be restored until ${new Date(restorableUntil).toLocaleString()}.`;
  return errorMessage ?? (retries ? `Begun ${retries + 1} times` : "");
}

function thumbOf({ outputShareLink }) {
  if (!outputShareLink) return [];
  const image = element("img", { src: `${here(outputShareLink)}/poster.jpg`, alt: "", loading: "lazy", decoding: "async" });
  image.addEventListener("error", () => image.remove());
  return [image];
}

function actionsOf(job, does) {
  const button = (/** @type {string} */ action, /** @type {string} */ words) => {
    const made = element("button", { type: "button", className: "button plain", textContent: words });
    made.addEventListener("click", () => does(action, job));
    return described(made, job);
  };
  if (job.deletedAt) return [button("restore", "Restore"), button("delete", "Delete for good")];
  const hook = job.webhookUrl && ["COMPLETED", "FAILED"].includes(job.status) ? [button("deliveries", "Webhook")] : [];
  if (job.status === "PENDING") return [button("watch", "Follow"), button("cancel", "Cancel")];
  if (job.status === "PROCESSING") return [button("watch", "Follow")];
  if (job.status !== "COMPLETED") return [...hook, button("delete", "Delete")];
  const download = element("a", { className: "button plain", href: `${here(job.outputVideo)}&download=1`, download: "talkreel.mp4", textContent: "Download" });
  return [button("watch", "Watch"), described(download, job), button("copy", "Copy link"), ...hook, button("delete", "Delete")];
}

/** Every row has a button of that name: this says which job it is about. */
function described(made, job) {
  made.setAttribute("aria-describedby", `about-${job.id}`);
  return made;
}
