/** The page at the root: what its parts tell each other. */

import { Composer } from "./composer.js";
import { announce, byId } from "./dom.js";
import { JobList } from "./joblist.js";
import { currentKey } from "./key.js";
import { KeyForm } from "./keyform.js";
import { hasEnded } from "./live.js";
import { Stage } from "./stage.js";

const keyForm = new KeyForm(async () => {
  const jobs = await list.load();
  const active = jobs.find((job) => !hasEnded(job));
  if (active && !stage.jobId) watch(active.id);
});

const stage = new Stage({
  onStatus: (status) => list.put(status),
  onProblem: (problem) => {
    stage.close();
    list.show(problem);
  },
  onClose: () => {
    stage.close();
    byId("image").focus();
  },
});

const list = new JobList({
  onWatch: (jobId) => watch(jobId),
  onProblem: (problem) => problem.isAboutTheKey && keyForm.ask(problem.message),
  onGone: (jobId) => jobId === stage.jobId && stage.close(),
});

const composer = new Composer({
  mayMake: () => {
    if (!currentKey()) keyForm.ask("Paste your key first.");
    return Boolean(currentKey());
  },
  onMade: (jobId, picture) => watch(jobId, picture),
  onStopped: () => {
    announce("Stopped");
    // It may have been too late.
    list.load();
  },
  onProblem: (problem) => (problem.isAboutTheKey ? keyForm.ask(problem.message) : composer.show(problem)),
  onWatch: (jobId) => watch(jobId),
});

/** @param {string} jobId @param {File | null} picture what to show until it is made, where that is known */
function watch(jobId, picture = null) {
  const watched = stage.follow(jobId, picture);
  byId("stage").scrollIntoView({ block: "nearest" });
  return watched;
}

if (currentKey()) keyForm.accept();
else keyForm.ask("");
