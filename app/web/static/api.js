/** The HTTP API: every call carries the key in a header, every refusal is a Problem. */

import { currentKey } from "./key.js";

const UNREACHABLE = "The service can't be reached. Look at your connection and try again.";
const WITHOUT_WORDS = "The service answered in a way that can't be understood. Try again in a moment.";

/** A refusal: its message is a sentence for a person, `part` the field it concerns, if it is one's. */
export class Problem extends Error {
  /** @param {number} status 0 where there was no answer @param {any} body @param {string | null} retryAfter */
  constructor(status, body, retryAfter = null) {
    super(body?.error ?? (status ? WITHOUT_WORDS : UNREACHABLE));
    this.status = status;
    this.code = body?.code;
    this.jobId = body?.jobId;
    this.part = body?.code === "invalid_webhook_url" ? "webhookUrl" : (body?.part ?? body?.parameter);
    this.retryAfterSeconds = Number(retryAfter) || null;
  }

  get isAboutTheKey() {
    return this.status === 401;
  }
}

/** The whole answer, whatever it is. Raises a Problem where there is none. */
export async function ask(path, { method = "GET", headers = {}, signal = undefined } = {}) {
  const request = { method, signal, cache: "no-store", headers: { "X-API-Key": currentKey() ?? "", ...headers } };
  try {
    return await fetch(path, /** @type {RequestInit} */ (request));
  } catch (error) {
    throw signal?.aborted ? error : new Problem(0, null);
  }
}

/** What an answer holds as JSON, or the Problem that it is. @param {Response} answer */
export async function bodyOf(answer) {
  const body = await answer.json().catch(() => null);
  if (answer.ok && body) return body;
  throw new Problem(answer.status, body, answer.headers.get("Retry-After"));
}

/** Calls the API and reads the JSON it answers with. */
export const call = async (path, options = {}) => bodyOf(await ask(path, options));

/**
 * Sends the form; resolves with the new job's id. Raises a Problem, or the signal's reason once that is aborted.
 * @param {FormData} form @param {(share: number) => void} onShare hears what share of it is sent
 * @param {AbortSignal} signal @returns {Promise<string>}
 */
export function submit(form, onShare, signal) {
  return new Promise((resolve, reject) => {
    // fetch can't tell how far an upload is.
    const request = new XMLHttpRequest();
    request.open("POST", "api/jobs");
    request.setRequestHeader("X-API-Key", currentKey() ?? "");
    request.upload.onprogress = (event) => event.lengthComputable && onShare(event.loaded / event.total);
    request.onload = () => {
      const body = parsed(request.responseText);
      if (request.status === 201) resolve(body.jobId);
      else reject(new Problem(request.status, body, request.getResponseHeader("Retry-After")));
    };
    request.onerror = () => reject(new Problem(0, null));
    request.onabort = () => reject(signal.reason);
    signal.addEventListener("abort", () => request.abort());
    request.send(form);
  });
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
