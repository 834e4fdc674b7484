/** Follows a job to its end: by the stream of its events, or by asking now and then where there is none. */

import { ask, bodyOf, Problem } from "./api.js";
import { eventsOf } from "./events.js";

const ENDED = new Set(["COMPLETED", "FAILED", "CANCELLED"]);
const PATIENCE_MS = 2000;

/** @param {{status: string}} status */
export const hasEnded = (status) => ENDED.has(status.status);

/**
 * Calls `show` with each status object until the job has ended, and `lost` with a Problem whenever the
 * service can't be reached meanwhile. Raises the Problem that there is no such job, or that the key is bad.
 */
export async function follow(jobId, { show, lost, signal }) {
  const place = { streams: true, lastId: "", waitMs: PATIENCE_MS };
  let status = null;
  while (!signal.aborted && !(status && hasEnded(status))) {
    try {
      status = (place.streams && (await streamed(jobId, place, show, signal))) || (await asked(jobId, place, show, signal));
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof Problem) || (error.status && error.status < 500 && error.status !== 429)) throw error;
      lost(error);
      place.waitMs = (error.retryAfterSeconds ?? 2) * 1000;
    }
    if (!(status && hasEnded(status))) await passed(place.waitMs, signal);
  }
}

/** The last status that a stream brought before it broke off; null where there is no stream. */
async function streamed(jobId, place, show, signal) {
  const headers = { Accept: "text/event-stream", ...(place.lastId && { "Last-Event-ID": place.lastId }) };
  const answer = await ask(`api/jobs/${jobId}/events`, { headers, signal });
  place.streams = answer.status !== 404;
  if (!answer.ok || !answer.body) return null;
  let status = null;
  try {
    for await (const event of eventsOf(answer.body)) {
      place.lastId = event.id ?? place.lastId;
      place.waitMs = Number(event.retry) || place.waitMs;
      if (!event.data || event.event === "deleted") continue;
      status = JSON.parse(event.data);
      show(status);
      if (hasEnded(status)) break;
    }
  } catch (error) {
    // A line that breaks in the middle is no news: the next one goes on from the last id.
    if (signal.aborted || !(error instanceof TypeError)) throw error;
  }
  return status;
}

async function asked(jobId, place, show, signal) {
  const answer = await ask(`api/status/${jobId}`, { signal });
  place.waitMs = (Number(answer.headers.get("Retry-After")) || 2) * 1000;
  const status = await bodyOf(answer);
  show(status);
  return status;
}

/** Resolves after so many milliseconds, or at once when it's all off. */
function passed(milliseconds, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => (clearTimeout(timer), resolve(undefined)), { once: true });
  });
}
