/** An upload on its way: how far it is, the button that stops it, and a question before it is lost. */

import { announce, byId } from "./dom.js";
import { shareWords } from "./words.js";

export class Sending {
  constructor() {
    this.stopping = new AbortController();
    this.isUnderWay = false;
    byId("sending-stop").addEventListener("click", () => this.stopping.abort());
  }

  /**
   * Shows it while `send` is under way, and gives what that gives.
   * @template T
   * @param {(onShare: (share: number) => void, signal: AbortSignal) => Promise<T>} send
   */
  async during(send) {
    this.stopping = new AbortController();
    this.set(true);
    this.show(0);
    byId("sending-stop").focus();
    try {
      return await send((share) => this.show(share * 100), this.stopping.signal);
    } finally {
      this.set(false);
    }
  }

  get isStopped() {
    return this.stopping.signal.aborted;
  }

  /** @param {boolean} isUnderWay */
  set(isUnderWay) {
    this.isUnderWay = isUnderWay;
    byId("sending").hidden = !isUnderWay;
    byId("make").hidden = isUnderWay;
    byId("composer-parts").disabled = isUnderWay;
    if (isUnderWay) window.addEventListener("beforeunload", askFirst);
    else window.removeEventListener("beforeunload", askFirst);
  }

  /** @param {number} percent */
  show(percent) {
    byId("sending-progress").value = percent;
    byId("sending-share").textContent = `${Math.round(percent)} %`;
    announce(shareWords(byId("sending-title").textContent, percent));
  }
}

/** @param {BeforeUnloadEvent} event */
function askFirst(event) {
  event.preventDefault();
  // Browsers of before 2023 want this.
  event.returnValue = true;
}
