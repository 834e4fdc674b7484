/** Where one job is watched: waited for, made, seen. */

import { call } from "./api.js";
import { announce, byId, element, here, tell } from "./dom.js";
import { forgetFile, keepFile, keptFile, pictureOf } from "./keptfiles.js";
import { follow, hasEnded } from "./live.js";
import { copyLink } from "./sharing.js";
import { etaWords, phaseWords, shareWords, statusWords } from "./words.js";

const TITLES = { COMPLETED: "Your video is ready", FAILED: "That didn't work", CANCELLED: "Cancelled" };
const WORDS = {
  COMPLETED: "Watch it, keep it, or send its link to somebody.",
  FAILED: "Nothing was made. The reason is below.",
  CANCELLED: "It was taken back before anybody began with it.",
};
const UNPLAYABLE = "The video can't be loaded. Reload the page for a fresh link, or download it.";

export class Stage {
  /** @param {{onStatus: (status: any) => void, onProblem: (problem: any) => void, onClose: () => void}} hears */
  constructor(hears) {
    this.hears = hears;
    this.root = byId("stage");
    this.picture = byId("stage-picture");
    this.picture.addEventListener("error", () => (this.picture.hidden = true));
    byId("stage-video").addEventListener("error", () => this.unplayable());
    this.status = null;
    this.watching = new AbortController();
    byId("stage-close").addEventListener("click", () => this.hears.onClose());
    byId("stage-cancel").addEventListener("click", () => this.cancel());
    byId("stage-copy").addEventListener("click", () => copyLink(this.status.outputShareLink));
  }

  get jobId() {
    return this.root.hidden ? null : this.status?.jobId;
  }

  /** Watches a job until it has ended. @param {string} jobId @param {File | null} picture what to show until then */
  async follow(jobId, picture = null) {
    this.open();
    const { signal } = this.watching;
    this.illustrate(jobId, picture, signal);
    this.head("One moment", "");
    byId("stage-going").hidden = true;
    try {
      await follow(jobId, {
        show: (status) => signal.aborted || this.show(status),
        lost: (problem) => tell(byId("stage-problem"), problem.message),
        signal,
      });
    } catch (problem) {
      this.hears.onProblem(problem);
    }
  }

  close() {
    this.leave();
    this.root.hidden = true;
  }

  open() {
    this.leave();
    this.watching = new AbortController();
    this.status = null;
    this.root.hidden = false;
    for (const part of this.root.querySelectorAll(".actions > *, #stage-video")) part.hidden = true;
    for (const id of ["stage-problem", "stage-notices"]) tell(byId(id), "");
    byId("stage-close").hidden = false;
    byId("stage-title").focus();
  }

  leave() {
    this.watching.abort();
    URL.revokeObjectURL(this.picture.src);
    this.picture.hidden = true;
    this.picture.removeAttribute("src");
    byId("stage-video").removeAttribute("src");
    byId("stage-video").load();
  }

  /** Shows the job's picture, and keeps it for who comes back. @param {File | null} picture */
  async illustrate(jobId, picture, signal) {
    if (picture) keepFile(pictureOf(jobId), picture);
    const shown = picture ?? (await keptFile(pictureOf(jobId)));
    if (!shown || signal.aborted || this.status?.outputVideo) return;
    this.picture.src = URL.createObjectURL(shown);
    this.picture.hidden = false;
  }

  show(status) {
    const isNews = this.status?.status !== status.status;
    this.status = status;
    tell(byId("stage-problem"), status.errorMessage);
    byId("stage-cancel").hidden = status.status !== "PENDING";
    byId("stage-going").hidden = hasEnded(status);
    if (hasEnded(status)) this.end(status);
    else this.going(status);
    if (isNews) this.hears.onStatus(status);
  }

  going(status) {
    this.head(phaseWords(status.phase), "You may close this page; the job goes on, and stays in your list.");
    this.progress(status.progress, etaWords(status.etaSeconds));
  }

  end(status) {
    this.head(TITLES[status.status], WORDS[status.status]);
    announce(`${statusWords(status.status)}. ${status.errorMessage ?? ""}`);
    const notices = status.warnings.map(({ message }) => element("li", { textContent: message }));
    byId("stage-notices").replaceChildren(...notices);
    byId("stage-notices").hidden = notices.length === 0;
    forgetFile(pictureOf(status.jobId));
    if (status.outputVideo) this.play(status);
  }

  play({ outputVideo, outputShareLink }) {
    const video = byId("stage-video");
    this.picture.hidden = true;
    Object.assign(video, { hidden: false, poster: `${here(outputShareLink)}/poster.jpg`, src: here(outputVideo) });
    byId("stage-download").href = `${here(outputVideo)}&download=1`;
    byId("stage-share-page").href = here(outputShareLink);
    for (const id of ["stage-download", "stage-share-page", "stage-copy"]) byId(id).hidden = false;
  }

  unplayable() {
    if (byId("stage-video").hasAttribute("src")) tell(byId("stage-problem"), UNPLAYABLE);
  }

  async cancel() {
    const { jobId } = this.status;
    try {
      await call(`api/jobs/${jobId}/cancel`, { method: "POST" });
      await this.follow(jobId);
    } catch (problem) {
      tell(byId("stage-problem"), problem.message);
    }
  }

  head(title, words) {
    byId("stage-title").textContent = title;
    tell(byId("stage-words"), words);
  }

  /** Shown as it comes; said at each new phase and quarter. @param {number} percent @param {string} eta */
  progress(percent, eta) {
    byId("stage-going").hidden = false;
    byId("stage-progress").value = percent;
    byId("stage-share").textContent = `${Math.round(percent)} %`;
    byId("stage-eta").textContent = eta;
    announce(shareWords(byId("stage-title").textContent, percent));
  }
}
