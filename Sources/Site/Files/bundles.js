// Bundles: what was made, with the treemap of its bytes, and a form that makes one.

import { change, get } from "./api.js";
import { empty, h, replace, say } from "./dom.js";
import { fault } from "./fault.js";
import { bytes, counted } from "./format.js";
import { jobList } from "./jobs.js";
import { treemap } from "./treemap.js";

/** The view. */
export async function bundles(query, signal) {
  let answer;
  try {
    answer = await get("/api/jobs", { kind: "bundle", limit: 100 }, signal);
  } catch (error) {
    if (error.status !== 404) throw error;
    answer = null;
  }
  const content = [h("div", { class: "head" }, h("div", null, h("h1", null, "Bundles"),
    h("p", { class: "sub" }, "One directory with everything that a notebook needs, made from a manifest.")))];
  if (!answer) content.push(empty("This server makes no bundles", "knapsack pack makes one on a command line."));
  else {
    content.push(form(signal));
    content.push(answer.jobs.length === 0 ? empty("There are no bundles yet", "Write a manifest above; a model's page has its lines.")
      : jobList(answer.jobs, signal, contents));
  }
  return { title: "Bundles", content };
}

function form(signal) {
  const text = h("textarea", { id: "manifest", rows: "12", spellcheck: "false", required: true, class: "mono" });
  text.value = "schema = 1\n\n[bundle]\nname = \"my-models\"\n\n";
  const place = h("div");
  return h("details", { class: "panel", open: true }, h("summary", null, "Make a bundle"),
    h("form", { submit: make }, h("label", { for: "manifest" }, "Manifest"), text,
      h("p", { class: "actions" }, h("button", { type: "submit", class: "strong" }, "Make it"))), place);
  async function make(event) {
    event.preventDefault();
    replace(place);
    try {
      const job = await change("POST", "/api/bundles", { manifest: text.value });
      say(`The job ${job.id} makes the bundle`);
      dispatchEvent(new Event("knapsack-again"));
    } catch (error) {
      if (!signal.aborted) replace(place, fault(error));
    }
  }
}

/** The treemap of a bundle that is done. */
function contents(job) {
  const entries = job.result?.entries ?? [];
  if (job.state !== "done" || entries.length === 0) return null;
  const parts = entries.map((entry) => ({ name: entry.name, bytes: entry.stored ?? entry.size ?? 0 }));
  return [
    h("p", { class: "note" }, `${counted(entries.length, "entry", "entries")}, ${bytes(job.result.size ?? 0)}`),
    treemap(`Treemap of the bundle ${job.subject}`, parts),
  ];
}
