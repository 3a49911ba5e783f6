// Other forms of a model: a choice, and how far the work is. It is a job of the server, which goes on when this page is closed.

import { change, offers, token } from "./api.js";
import { codeBlock, h, replace, say } from "./dom.js";
import { fault } from "./fault.js";
import { modelAddress } from "./format.js";
import { follow } from "./install.js";

/** What can be made: the member of the request, its value, and what people read. */
const FORMS = [
  ["type", "Q4_K_M", "GGUF, Q4_K_M: about 4.8 bits"], ["type", "Q5_K_M", "GGUF, Q5_K_M: about 5.7 bits"],
  ["type", "Q6_K", "GGUF, Q6_K: about 6.6 bits"], ["type", "Q8_0", "GGUF, Q8_0: 8.5 bits"],
  ["type", "F16", "GGUF, F16: 16 bits"], ["dtype", "bf16", "safetensors, bf16"], ["dtype", "f16", "safetensors, f16"],
  ["prune", "2:4", "safetensors, two of four weights zero"],
];

/** A form that makes another form of a model that is on this server, where it does that. */
export function formsPlace(one, wanted, signal) {
  const place = h("div");
  const isHere = ["hub", "kaggle", "catalogue"].includes(one.origin) && one.kind === "model" && one.complete !== false;
  const formats = one.formats ?? [];
  const hasTensors = formats.includes("safetensors");
  if (!isHere || !(hasTensors || formats.includes("gguf"))) return place;
  offers("/api/optimizations").then((isThere) => {
    if (isThere) place.append(panel(one, wanted, hasTensors, signal));
  }).catch(() => {});
  return place;
}

function panel(one, wanted, hasTensors, signal) {
  const offered = FORMS.filter(([member]) => hasTensors || member === "type");
  const choice = h("select", { id: "form" }, offered.map(([, value, words]) => h("option", { value }, words)));
  const state = h("div");
  async function make(event) {
    event.preventDefault();
    replace(state);
    const [member, value] = offered[choice.selectedIndex];
    try {
      const job = await change("POST", "/api/optimizations", { model: one.id, [member]: value, ...(wanted ? { revision: wanted } : {}) });
      say(`Job ${job.id} makes ${value} of ${one.name}`);
      const bar = h("div", { class: "made" });
      const result = h("div");
      replace(state, bar, result);
      follow(bar, job, signal, (last) => { if (last.state === "done") replace(result, entryLink(last), download(last)); });
    } catch (error) {
      if (!signal.aborted) replace(state, fault(error));
    }
  }
  return h("section", null, h("h2", null, "Make another form"),
    h("form", { submit: make }, h("label", { for: "form" }, "Form"), choice,
      h("p", { class: "actions" }, h("button", { type: "submit" }, "Make it"))), state);
}

/** A link to the page of what was made, where it is a model of the registry. */
export function entryLink(job) {
  const id = job.result?.entry;
  return id ? h("p", null, "It is ", h("a", { href: modelAddress(id) }, id), `, ${job.result.version}.`) : null;
}

/** A link, where a browser may follow it; with a token, the command that sends it. */
function download(job) {
  const address = `/api/optimizations/${encodeURIComponent(job.id)}/download`;
  if (!token()) return h("p", { class: "actions" }, h("a", { class: "button", href: address }, "Download"));
  return codeBlock("The command that downloads it", `curl -OJ -H "Authorization: Bearer $TOKEN" ${location.origin}${address}`);
}
