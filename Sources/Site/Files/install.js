// Installing: a button, and how far it is. The work is a job of the server, which goes on when this page is closed.

import { change, modelPath, offers, watch } from "./api.js";
import { h, replace, say } from "./dom.js";
import { bytes } from "./format.js";

/** A button that installs, where the server does that. */
export function installPlace(id, name, options) {
  const place = h("div");
  offers("/api/marketplace/models/{id}/install").then((isThere) => {
    if (isThere) place.append(installButton(id, name, options));
  }).catch(() => {});
  return place;
}

/** A button that installs, in whose place the progress comes. */
export function installButton(id, name, { isHere, signal, done }) {
  const place = h("div", { class: "install" });
  const button = h("button", { type: "button", class: isHere ? "small" : "small strong", click: start },
    isHere ? "Load again" : "Install");
  button.setAttribute("aria-label", `${isHere ? "Load again" : "Install"} ${name}`);
  async function start() {
    button.disabled = true;
    try {
      const job = await change("POST", `${modelPath(id)}/install`, {});
      say(`Installing ${name}`);
      follow(place, job, signal, done);
    } catch (error) {
      button.disabled = false;
      replace(place, button, h("p", { class: "note", role: "alert" }, error.message));
    }
  }
  return replace(place, button);
}

/** Shows how far a job is until it ends. */
export function follow(place, job, signal, done) {
  let last = job;
  draw(place, job);
  watch(job.id, (state) => {
    last = state;
    draw(place, state);
  }, signal).then(() => {
    if (signal.aborted) return;
    say(`${last.subject}: ${stateText(last)}`);
    done?.(last);
  }).catch((error) => {
    if (!signal.aborted) replace(place, h("p", { class: "note", role: "alert" }, error.message));
  });
}

function draw(place, job) {
  replace(place, progressBar(job), h("p", { class: "note" }, stateText(job)));
}

/** A bar of how far a job is; nothing for one that is not being worked on. */
export function progressBar(job) {
  if (job.state !== "running" && job.state !== "queued") return null;
  const bar = h("progress", { "aria-label": `Progress of ${job.subject}` });
  const { done, total } = amounts(job);
  if (total > 0) {
    bar.max = total;
    bar.value = Math.min(done, total);
  }
  return bar;
}

/** How much of the work is done, in bytes, or in what else the job counts. */
function amounts(job) {
  const progress = job.progress ?? {};
  if (progress.total_bytes > 0) return { done: progress.bytes, total: progress.total_bytes, text: bytes };
  return { done: progress.done ?? 0, total: progress.total ?? 0, text: (number) => number.toLocaleString("en") };
}

/** The state in words. */
export function stateText(job) {
  const { done, total, text } = amounts(job);
  const steps = job.progress?.of > 1 ? ` (${job.progress.number} of ${job.progress.of})` : "";
  const step = job.progress?.stage || job.progress?.step || "running";
  switch (job.state) {
    case "queued": return "waits for its turn";
    case "running": return `${step}${steps}${total > 0 ? `: ${text(done)} of ${text(total)}` : ""}`;
    case "done": return "done";
    case "failed": return `failed: ${job.error ?? "no reason is stated"}`;
    case "cancelled": return "cancelled";
    default: return job.state;
  }
}
