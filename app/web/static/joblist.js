/** The list of the key's jobs, newest first, a page at a time. */

import { call } from "./api.js";
import { saysYes } from "./asking.js";
import { showDeliveries } from "./deliveries.js";
import { announce, byId, copyOf, tell } from "./dom.js";
import { rowOf } from "./jobrow.js";
import { currentKey } from "./key.js";
import { hasEnded } from "./live.js";
import { copyLink } from "./sharing.js";

const PAGE = 10;
/** The API's largest page. */
const MOST = 100;
const LOOK_AGAIN_MS = 3000;
/** The choice of jobs that were deleted and can be restored. */
const DELETED = "deleted";

export class JobList {
  /** @param {{onWatch: (jobId: string) => void, onProblem: (problem: any) => void, onGone: (jobId: string) => void}} hears */
  constructor(hears) {
    this.hears = hears;
    this.list = byId("jobs-list");
    this.jobs = new Map();
    this.cursor = null;
    this.timer = /** @type {number | undefined} */ (undefined);
    byId("jobs-refresh").addEventListener("click", () => this.load());
    byId("jobs-status").addEventListener("change", () => this.load());
    byId("jobs-older").addEventListener("click", () => this.older());
  }

  /** Reads the first page; returns its jobs. */
  async load() {
    const page = await this.page(null);
    if (!page) return [];
    this.jobs.clear();
    this.list.replaceChildren();
    this.append(page);
    return page.jobs;
  }

  async older() {
    const page = await this.page(this.cursor);
    if (!page) return;
    this.append(page);
    this.list.querySelector(`[data-job="${page.jobs[0]?.id}"] button`)?.focus();
  }

  /** A status object as it came: the row changes with it, or a new one comes. */
  put(status) {
    const known = this.jobs.get(status.jobId);
    if (!known) return this.load();
    const job = { ...known, ...status };
    this.jobs.set(job.id, job);
    const old = this.row(job.id);
    const hadFocus = old.contains(document.activeElement);
    old.replaceWith(this.rowOf(job));
    if (hadFocus) this.row(job.id).querySelector("button").focus();
    this.lookAgain();
    return undefined;
  }

  async page(cursor) {
    const query = new URLSearchParams({ limit: String(PAGE) });
    const shown = byId("jobs-status").value;
    if (shown === DELETED) query.set("deleted", "true");
    else if (shown) query.set("status", shown);
    if (cursor) query.set("cursor", cursor);
    this.list.ariaBusy = "true";
    try {
      const page = await call(`api/jobs?${query}`);
      tell(byId("jobs-problem"), "");
      return page;
    } catch (problem) {
      this.show(problem);
      return null;
    } finally {
      this.list.ariaBusy = "false";
    }
  }

  append({ jobs, pagination }) {
    this.cursor = pagination.nextCursor;
    for (const job of jobs) this.jobs.set(job.id, job);
    this.list.append(...jobs.map((job) => this.rowOf(job)));
    byId("jobs-older").hidden = !pagination.hasNextPage;
    this.sayIfEmpty();
    this.lookAgain();
  }

  sayIfEmpty() {
    const words = byId("jobs-status").value ? "No job is like that." : "Nothing here yet. Your first video will be.";
    tell(byId("jobs-empty"), this.jobs.size ? "" : words);
  }

  rowOf(job) {
    return rowOf(job, (action) => this.does(action, job));
  }

  row(jobId) {
    return this.list.querySelector(`[data-job="${jobId}"]`);
  }

  does(action, job) {
    const actions = {
      watch: () => this.hears.onWatch(job.id),
      copy: () => copyLink(job.outputShareLink),
      deliveries: () => showDeliveries(job.id),
      cancel: () => this.change(`api/jobs/${job.id}/cancel`, "POST", () => this.put({ jobId: job.id, status: "CANCELLED" })),
      delete: () => this.remove(job),
      restore: () => this.change(`api/jobs/${job.id}/restore`, "POST", () => this.drop(job)),
    };
    return actions[action]();
  }

  /** Deletes a job; asks first where there is no way back. */
  async remove(job) {
    const isFinal = Boolean(job.deletedAt) || !("keepsDeleted" in this.list.dataset);
    if (isFinal && !(await saysYes("asking"))) return;
    await this.change(`api/jobs/${job.id}${job.deletedAt ? "?permanent=true" : ""}`, "DELETE", ({ restorableUntil }) => {
      if (restorableUntil) this.offerUndo(job);
      else this.drop(job);
      this.hears.onGone(job.id);
    });
  }

  /** Takes a job out of the list. */
  drop({ id }) {
    this.jobs.delete(id);
    const row = this.row(id);
    const next = row.nextElementSibling ?? row.previousElementSibling;
    row.remove();
    (next?.querySelector("button") ?? byId("jobs-title")).focus();
    this.sayIfEmpty();
  }

  /** Puts a way back where the job was, until the list is read anew. */
  offerUndo(job) {
    this.jobs.delete(job.id);
    const { root, part } = copyOf("deleted");
    part("undo").addEventListener("click", () => this.undo(job, root));
    this.row(job.id).replaceWith(root);
    part("undo").focus();
  }

  async undo(job, place) {
    await this.change(`api/jobs/${job.id}/restore`, "POST", () => {
      this.jobs.set(job.id, job);
      const row = this.rowOf(job);
      place.replaceWith(row);
      row.querySelector("button").focus();
    });
  }

  /** Asks the API to change something, then does what follows from its answer. */
  async change(path, method, then) {
    try {
      const answer = await call(path, { method });
      tell(byId("jobs-problem"), "");
      then(answer);
      announce(answer.message);
    } catch (problem) {
      this.show(problem);
    }
  }

  show(problem) {
    tell(byId("jobs-problem"), problem.message);
    this.hears.onProblem(problem);
  }

  /** Looks again until none of the jobs shown is under way: whoever follows one sees no other. */
  lookAgain() {
    clearTimeout(this.timer);
    if ([...this.jobs.values()].every(hasEnded)) return;
    this.timer = setTimeout(() => this.catchUp(), LOOK_AGAIN_MS);
  }

  async catchUp() {
    if (!currentKey()) return;
    const { jobs } = await call(`api/jobs?limit=${MOST}`).catch(() => ({ jobs: [] }));
    for (const job of jobs) {
      const known = this.jobs.get(job.id);
      if (known && known.status !== job.status) this.put({ ...job, jobId: job.id });
    }
    this.lookAgain();
  }
}
