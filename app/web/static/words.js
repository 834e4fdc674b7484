/** Words for what the API says in codes and numbers. */

const PHASES = {
  queued: "Waiting for a free worker",
  fetching: "Fetching your files",
  picture: "Looking at the picture",
  sound: "Listening to the voice",
  video: "Drawing the video",
  muxing: "Putting picture and sound together",
  checking: "Checking the result",
  storing: "Putting it away",
  done: "Done",
};
const STATUSES = {
  PENDING: "Waiting",
  PROCESSING: "In the making",
  COMPLETED: "Completed",
  FAILED: "Failed",
  CANCELLED: "Cancelled",
};
const UNITS = /** @type {const} */ ([["day", 86_400], ["hour", 3_600], ["minute", 60]]);

export const phaseWords = (phase) => PHASES[phase] ?? phase;
export const statusWords = (status) => STATUSES[status] ?? status;

/** About how long it still takes; nothing where nobody knows. @param {number | null} seconds */
export function etaWords(seconds) {
  if (seconds === null || seconds === undefined) return "";
  if (seconds < 8) return "a few seconds left";
  if (seconds < 55) return `about ${Math.round(seconds / 5) * 5} seconds left`;
  const minutes = Math.max(1, Math.round(seconds / 60));
  return minutes === 1 ? "about a minute left" : `about ${minutes} minutes left`;
}

/** How long ago that was. @param {string} moment ISO 8601 */
export function agoWords(moment) {
  const seconds = (Date.now() - Date.parse(moment)) / 1000;
  const [unit, size] = UNITS.find(([, size]) => seconds >= size) ?? [];
  if (!unit || !size) return "just now";
  return new Intl.RelativeTimeFormat("en", { numeric: "auto" }).format(-Math.floor(seconds / size), unit);
}

/** Minutes and seconds, as a player shows them. @param {number} seconds */
export function clockWords(seconds) {
  return `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
}

/** @param {number} bytes */
export const sizeWords = (bytes) =>
  bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1e3))} kB` : `${(bytes / 1e6).toFixed(1)} MB`;

const QUARTER = 25;

/** How far something is, by quarters: to be read out. @param {string} title @param {number} percent */
export function shareWords(title, percent) {
  const quarter = Math.floor(percent / QUARTER) * QUARTER;
  return quarter ? `${title}, ${quarter} percent` : title;
}
