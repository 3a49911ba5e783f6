// What the server works on, and what it did.

import { change, get, offers, watch } from "./api.js";
import { chip, empty, h, replace, say } from "./dom.js";
import { fault } from "./fault.js";
import { entryLink } from "./forms.js";
import { bytes, errorText, time } from "./format.js";
import { progressBar, stateText } from "./install.js";

const KINDS = { install: "Install", remove: "Remove", optimization: "Optimization", bundle: "Bundle" };
const STATES = { queued: "", running: "warn", done: "good", failed: "bad", cancelled: "" };

/** The view. */
export async function jobs(query, signal) {
  const answer = await offers("/api/jobs") ? await get("/api/jobs", { limit: 100 }, signal) : null;
  const content = [h("div", { class: "head" }, h("div", null, h("h1", null, "Jobs"),
    h("p", { class: "sub" }, "They go on when this page is closed, and after the server was ended and started again.")))];
  if (!answer) content.push(empty("This server does no jobs", "It serves what is there."));
  else if (answer.jobs.length === 0) content.push(empty("There are no jobs", "Installing a model or making a bundle is one."));
  else content.push(jobList(answer.jobs, signal));
  return { title: "Jobs", content };
}

/** A list of jobs that follows those that run. */
export function jobList(list, signal, extra) {
  return h("ul", { class: "issues" }, list.map((job) => {
    const item = h("li");
    draw(item, job, signal, extra);
    if (job.state === "queued" || job.state === "running") {
      watch(job.id, (state) => draw(item, state, signal, extra), signal)
        .catch((error) => { if (!signal.aborted) item.append(fault(error)); });
    }
    return item;
  }));
}

/** What was made, and what that cost. */
function outcome(job) {
  const error = errorText(job.result?.comparison?.total);
  return [error && h("p", { class: "note" }, `Against the original: ${error}.`), entryLink(job)];
}

function draw(item, job, signal, extra) {
  const had = item.contains(document.activeElement);
  const isOpen = job.state === "queued" || job.state === "running";
  const act = h("button", { type: "button", class: "small", click: end }, isOpen ? "Cancel" : "Forget");
  act.setAttribute("aria-label", `${act.textContent}: ${job.subject}`);
  async function end() {
    act.disabled = true;
    try {
      const answer = await change("DELETE", `/api/jobs/${encodeURIComponent(job.id)}`);
      if (isOpen && answer.id) {
        draw(item, answer, signal, extra);
        say(`${job.subject}: cancelled`);
      } else {
        const list = item.parentElement;
        item.remove();
        (list?.querySelector("button") ?? document.getElementById("main")).focus();
      }
    } catch (error) {
      act.disabled = false;
      item.append(fault(error));
    }
  }
  replace(item,
    h("div", { class: "row" }, h("h2", { class: "lead" }, `${KINDS[job.kind] ?? job.kind}: ${job.subject}`),
      chip(job.state, STATES[job.state])),
    progressBar(job),
    h("p", { class: "note" }, [
      isOpen || job.state === "failed" ? stateText(job) : null, `asked ${time(job.created_at)}`,
      job.ended_at && `ended ${time(job.ended_at)}`, job.owner && `by ${job.owner}`,
      typeof job.result?.size === "number" && bytes(job.result.size),
    ].filter(Boolean).join(" · ")),
    job.kind === "optimization" && job.state === "done" && outcome(job),
    extra?.(job),
    h("p", { class: "actions" }, act));
  if (had) act.focus();
}
