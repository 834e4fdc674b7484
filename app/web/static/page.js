/** The page at the root: what its parts tell each other. */

import { Composer } from "./composer.js";
import { byId } from "./dom.js";
import { JobList } from "./joblist.js";
import { currentKey } from "./key.js";
import { KeyForm } from "./keyform.js";
import { Stage } from "./stage.js";

const ACTIVE = new Set(["PENDING", "PROCESSING"]);

const keyForm = new KeyForm(async () => {
  const jobs = await list.load();
  const active = jobs.find((job) => ACTIVE.has(job.status));
  if (active && !stage.jobId) watch(active.id);
});

const stage = new Stage({
  onStatus: (status) => list.put(status),
  onProblem: (problem) => {
    leaveStage();
    showProblem(problem);
  },
  onLeave: () => {
    composer.clear();
    leaveStage();
    byId("image").focus();
  },
});

const list = new JobList({
  onWatch: (jobId) => watch(jobId),
  onProblem: (problem) => problem.isAboutTheKey && keyForm.ask(problem.message),
  onGone: (jobId) => jobId === stage.jobId && leaveStage(),
});

const composer = new Composer(async () => {
  if (!currentKey()) return keyForm.ask("Paste your key first.");
  const { picture } = composer;
  showStage();
  stage.sending(picture, 0);
  try {
    const jobId = await composer.send((share) => stage.sending(picture, share));
    await stage.follow(jobId, picture);
  } catch (problem) {
    if (problem.jobId) return watch(problem.jobId);
    leaveStage();
    showProblem(problem);
  }
  return undefined;
});

function showProblem(problem) {
  if (problem.isAboutTheKey) keyForm.ask(problem.message);
  else composer.show(problem);
}

function watch(jobId) {
  showStage();
  byId("stage").scrollIntoView({ block: "nearest" });
  return stage.follow(jobId);
}

function showStage() {
  composer.hidden = true;
}

function leaveStage() {
  stage.close();
  composer.hidden = false;
}

if (currentKey()) keyForm.accept();
else keyForm.ask("");
