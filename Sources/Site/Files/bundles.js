// Bundles: what was made, with the treemap of its bytes, and a form that makes one.

import { change, get, offers, token } from "./api.js";
import { codeBlock, empty, h, replace, say, table } from "./dom.js";
import { fault } from "./fault.js";
import { bytes, counted } from "./format.js";
import { jobList } from "./jobs.js";
import { treemap } from "./treemap.js";

const START = 'schema = 1\n\n[bundle]\nname = "my-models"\n\n';

/** The view. */
export async function bundles(query, signal) {
  const content = [h("div", { class: "head" }, h("div", null, h("h1", null, "Bundles"),
    h("p", { class: "sub" }, "One archive with everything that a notebook without internet needs, made from a manifest.")))];
  if (await offers("/api/bundles")) {
    const answer = await get("/api/jobs", { kind: "bundle", limit: 100 }, signal);
    content.push(form(signal));
    content.push(answer.jobs.length === 0
      ? empty("There are no bundles yet", "Write a manifest above; the page of each model has its lines.")
      : jobList(answer.jobs, signal, (job) => contents(job, signal)));
  } else {
    content.push(empty("This server makes no bundles", "On a command line, ", h("code", null, "knapsack pack"), " makes one."));
  }
  return { title: "Bundles", content };
}

function form(signal) {
  const text = h("textarea", { id: "manifest", rows: "11", spellcheck: "false", required: true, class: "mono" });
  text.value = START;
  const place = h("div");
  async function make(event) {
    event.preventDefault();
    replace(place);
    try {
      const job = await change("POST", "/api/bundles", { manifest: text.value });
      say(`Job ${job.id} makes the bundle`);
      dispatchEvent(new Event("knapsack-again"));
    } catch (error) {
      if (!signal.aborted) replace(place, fault(error));
    }
  }
  return h("details", { class: "panel", open: true }, h("summary", null, "Make a bundle"),
    h("form", { submit: make }, h("label", { for: "manifest" }, "Manifest"), text,
      h("p", { class: "actions" }, h("button", { type: "submit", class: "strong" }, "Make it"))), place);
}

/** What a bundle that is done has in it; it is asked for when it is there. */
function contents(job, signal) {
  if (job.state !== "done") return null;
  const place = h("div");
  get(`/api/bundles/${encodeURIComponent(job.id)}/treemap`, null, signal).then((document) => {
    const entries = (document.entries ?? []).filter((entry) => entry.packed);
    const parts = entries.flatMap((entry) => ({ name: entry.name, bytes: entry.stored ?? 0 }));
    replace(place,
      h("p", { class: "note" }, `${counted(entries.length, "entry", "entries")}: `,
        `${bytes(document.named)} by name, ${bytes(document.stored)} stored`),
      treemap(`Treemap of the bundle ${job.subject}`, parts),
      table(`Entries of ${job.subject}`, ["Entry", "Licence", ["By name", "num"], ["Stored", "num"]],
        entries.map((entry) => [entry.name, entry.license ?? "not stated", bytes(entry.named), bytes(entry.stored)])),
      downloads(job));
  }).catch((error) => {
    if (!signal.aborted) replace(place, fault(error));
  });
  return place;
}

/** Links, where a browser may follow them; with a token, the command that sends it. */
function downloads(job) {
  const address = `/api/bundles/${encodeURIComponent(job.id)}`;
  if (!token()) {
    return h("p", { class: "actions" }, h("a", { class: "button", href: `${address}/download` }, "Download"),
      h("a", { class: "button", href: `${address}/report` }, "Report"));
  }
  return codeBlock("The command that downloads the bundle",
    `curl -OJ -H "Authorization: Bearer $TOKEN" ${location.origin}${address}/download`);
}
