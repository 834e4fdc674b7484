/** The operator's page: the queue, the workers and the failures, as `/api/operator/overview` tells them. */

import { call } from "./api.js";
import { announce, byId, copyOf, element, tell } from "./dom.js";
import { currentKey } from "./key.js";
import { KeyForm } from "./keyform.js";

const LOOK_EVERY_MS = 5000;
const TO_REFUSE = [401, 403];

const form = new KeyForm(look);
/** @type {number | undefined} */
let timer;
/** What is shown of the failures: while it stays so, opened logs stay open. */
let shownFailures = "";

async function look() {
  clearTimeout(timer);
  try {
    show(await call("api/operator/overview"));
    tell(byId("problem"), "");
  } catch (problem) {
    if (TO_REFUSE.includes(problem.status)) return form.ask(problem.message);
    tell(byId("problem"), problem.message);
  }
  timer = setTimeout(look, LOOK_EVERY_MS);
  return undefined;
}

function show(overview) {
  byId("seen-at").textContent = clockOf(overview.at);
  showDepth(overview.queue);
  showRows("active", overview.active.map(activeRow), "Nothing waits.");
  const unheard = overview.workers ? "No worker has given a sign of life." : "Redis can't be asked.";
  showRows("workers", (overview.workers ?? []).map(workerRow), unheard);
  showFailures(overview.failures);
}

function showDepth(queue) {
  const facts = [
    ["Pending", queue.pending],
    ["Oldest pending", span(queue.oldestPendingSeconds)],
    ["Processing", queue.processing],
    ["Webhooks to send", queue.webhooksPending],
    ["Webhook overdue", span(queue.oldestWebhookDueSeconds)],
  ];
  byId("depth").replaceChildren(
    ...facts.map(([name, value]) =>
      element("div", {}, element("dt", { textContent: name }), element("dd", { textContent: value })),
    ),
  );
}

const activeRow = (job) => [
  job.jobId,
  job.status === "PENDING" ? "PENDING" : `${job.status}, ${job.phase} ${job.progress} %`,
  span(job.ageSeconds),
  job.leaseSeconds === null ? "" : span(Math.max(0, job.leaseSeconds)),
  job.retries ? `${job.attempts}, ${job.retries} lost` : job.attempts,
  job.keyId,
];

const workerRow = (worker) => [
  worker.name.slice(0, 12),
  worker.host,
  worker.state,
  worker.jobId ?? "",
  worker.heartbeatAt ? clockOf(worker.heartbeatAt) : "",
];

function showRows(id, rows, otherwise) {
  const cells = (row) => row.map((text) => element("td", { textContent: text }));
  const none = element("tr", {}, element("td", { colSpan: 6, textContent: otherwise }));
  byId(id).replaceChildren(...(rows.length ? rows.map((row) => element("tr", {}, ...cells(row))) : [none]));
}

function showFailures(failures) {
  const text = JSON.stringify(failures);
  if (text === shownFailures) return;
  shownFailures = text;
  const none = element("li", { textContent: "No job has failed." });
  byId("failures").replaceChildren(...(failures.length ? failures.map(failureItem) : [none]));
}

function failureItem(failure) {
  const { root, part } = copyOf("failure");
  part("job").textContent = failure.jobId;
  part("at").textContent = new Date(failure.failedAt).toLocaleString();
  part("sentence").textContent = failure.errorMessage;
  part("facts").textContent = `Attempts: ${failure.attempts}. Workers lost: ${failure.retries}. Key: ${failure.keyId}.`;
  part("details").hidden = !failure.log;
  part("log").textContent = failure.log;
  part("retry").hidden = !failure.retryable;
  part("retry").addEventListener("click", () => retry(failure.jobId, part));
  return root;
}

async function retry(jobId, part) {
  part("retry").disabled = true;
  try {
    announce((await call(`api/operator/jobs/${jobId}/retry`, { method: "POST" })).message);
    await look();
  } catch (problem) {
    tell(part("problem"), problem.message);
    part("retry").disabled = false;
  }
}

const clockOf = (iso) => new Date(iso).toLocaleTimeString();

function span(seconds) {
  if (seconds < 120) return `${Math.round(seconds)} s`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}

if (currentKey()) form.accept();
else form.ask("");
