// A model's page: what it is, how it is used, where it runs, what it was made from, and what its files hold.

import { get, modelPath, offers } from "./api.js";
import { chip, codeBlock, facts, h, replace, say, table } from "./dom.js";
import { fault } from "./fault.js";
import { formsPlace } from "./forms.js";
import { accelerator, bytes, counted, errorText, modelAddress, origin, parameters, revision, shape } from "./format.js";
import { installPlace } from "./install.js";
import { render } from "./markdown.js";
import { marks, name } from "./row.js";
import { treemap } from "./treemap.js";

/** The view of the model that the parameter "id" names. */
export async function model(query, signal) {
  const id = query.get("id") ?? "";
  const wanted = query.get("revision");
  const one = await get(modelPath(id), { revision: wanted }, signal);
  const made = await optimizations(one, signal);
  const content = [
    head(one, signal),
    problems(one),
    h("div", { class: "columns" },
      h("aside", { class: "side", "aria-label": "Facts" }, summary(one), runs(one), lineage(one, made)),
      h("div", null, use(one), formsPlace(one, wanted, signal), card(one), files(one), tensors(one, id, wanted, signal))),
  ];
  return { title: one.name, content, shown: foldCard };
}

function head(one, signal) {
  const found = marks(one);
  const isFetched = one.origin === "hub" || one.origin === "kaggle";
  return h("div", { class: "head" },
    h("div", null, h("h1", null, name(one.name)),
      h("p", { class: "sub" }, [
        one.title, one.task, parameters(one.parameters) && `${parameters(one.parameters)} parameters`, bytes(one.size),
        origin(one.origin),
      ].filter(Boolean).join(" · ")),
      found.length > 0 && h("p", { class: "chips" }, found)),
    h("div", { class: "actions" },
      h("a", { class: "button", href: `#/compare?${new URLSearchParams({ first: one.id })}` }, "Compare with …"),
      isFetched && installPlace(one.id, one.name, {
        isHere: one.complete !== false, signal,
        done: (job) => { if (job.state === "done") dispatchEvent(new Event("knapsack-again")); },
      })));
}

function problems(one) {
  const found = (one.details.problems ?? []).filter((problem) => problem.severity !== "note");
  const corrupted = (one.corrupted ?? []).map((path) => ({
    message: `${path} is not what the cache states: it is not served`, fix: "delete that file, and download it again",
  }));
  found.unshift(...corrupted);
  if (found.length === 0) return null;
  return h("div", { class: "hint" }, h("ul", null, found.slice(0, 8).map((problem) => h("li", null, problem.message,
    problem.fix && [" – ", problem.fix])), found.length > 8 && h("li", null, `and ${found.length - 8} more`)));
}

function use(one) {
  if (!one.details.manifest) return null;
  return h("section", { class: "first" }, h("h2", null, "Use it"),
    h("h3", null, "In a manifest"), codeBlock("Lines for a manifest", one.details.manifest.trimEnd()),
    one.details.notebook && [h("h3", null, "In a notebook without internet"),
      codeBlock("Lines for a notebook", one.details.notebook)]);
}

// MARK: Card

function card(one) {
  if (!one.card || one.card.text.trim() === "") {
    return one.about ? h("section", null, h("h2", null, "Description"), h("p", null, one.about))
      : h("section", null, h("h2", null, "Card"), h("p", { class: "note" }, "There is none."));
  }
  const text = h("div", { class: "card-text", id: "card-text" }, render(one.card.text),
    !one.card.whole && h("p", { class: "note" }, "The card is longer; the rest is left out."));
  return h("section", null, h("h2", null, "Card"), text);
}

/** A long card is shown in part at first; whoever tabs into it, or prints it, has all. */
function foldCard() {
  const text = document.getElementById("card-text");
  if (!text || text.scrollHeight < 700) return;
  text.classList.add("fold");
  const button = h("button", { type: "button", "aria-expanded": "false", "aria-controls": "card-text", click: unfold }, "Show the whole card");
  function unfold() {
    const isFolded = text.classList.toggle("fold");
    button.textContent = isFolded ? "Show the whole card" : "Show less";
    button.setAttribute("aria-expanded", String(!isFolded));
  }
  text.addEventListener("focusin", () => {
    if (text.classList.contains("fold")) unfold();
  });
  text.after(h("p", { class: "more" }, button));
}

// MARK: Facts

function summary(one) {
  const details = one.details;
  const weights = Object.entries(details.weight_bytes ?? {}).map(([type, size]) => `${type} ${bytes(size)}`);
  const revisions = one.revisions ?? [];
  return h("div", { class: "panel" }, h("h2", null, "Facts"),
    facts([
      ["Licence", one.license ?? "not stated"],
      ["Parameters", parameters(one.parameters)],
      ["Weights", weights.join(", ")],
      ["Formats", (one.formats ?? []).join(", ")],
      ["Quantized", one.quantization],
      ["Architecture", (one.architectures ?? []).join(", ")],
      ["Library", one.library ?? (one.frameworks ?? []).join(", ")],
      ["Languages", (one.languages ?? []).slice(0, 12).join(", ")],
      ["Data sets", (details.datasets ?? []).slice(0, 8).join(", ")],
      ["Becomes GGUF", gguf(details.gguf)],
      ["Revision", revisionText(one)],
      ["Others", revisions.length > 1 && revisions.filter((other) => other.revision !== one.revision).slice(0, 8)
        .map((other, index) => [index > 0 && ", ", h("a", { href: modelAddress(one.id, other.revision) },
          other.refs[0] ?? revision(other.revision))])],
      ["Changed", one.updated],
      ["Tags", (one.tags ?? []).length > 0 && h("span", { class: "chips" },
        one.tags.slice(0, 14).map((tag) => chip(tag)))],
    ]));
}

function gguf(answer) {
  if (!answer) return null;
  if (answer.can_be_made === true) return "yes";
  return answer.can_be_made === null ? null : `no: ${answer.reason}`;
}

function revisionText(one) {
  const refs = one.refs ?? [];
  return h("span", null, refs.length > 0 && `${refs.join(", ")} · `, h("code", { title: one.revision }, revision(one.revision)));
}

function runs(one) {
  const fits = one.details.accelerators ?? [];
  if (fits.length === 0) return null;
  const kinds = { yes: "good", "with care": "warn", no: "bad" };
  return h("div", { class: "panel" }, h("h2", null, "Runs on"),
    h("ul", { class: "fits" }, fits.map((fit) => h("li", null,
      h("span", null, accelerator(fit.accelerator)),
      chip(fit.runs, kinds[fit.runs]),
      fit.runs !== "yes" && fit.reasons.length > 0 && h("p", { class: "note" }, fit.reasons[0])))),
    h("p", { class: "note" }, "The weights alone, by the rules of knapsack check."));
}

/** What this server made of a model, with the errors that it measured, of what is no model of its own. */
async function optimizations(one, signal) {
  if (!await offers("/api/optimizations")) return [];
  const answer = await get("/api/jobs", { kind: "optimization", state: "done", limit: 500 }, signal);
  return answer.jobs.filter((job) => !job.result?.entry
    && (job.request?.model ?? (job.request?.source ?? "").replace(/@[^@]*$/, "")) === one.id);
}

function lineage(one, made) {
  const { bases, derived } = one.lineage ?? { bases: [], derived: [] };
  if (bases.length === 0 && derived.length === 0 && made.length === 0) return null;
  const entry = (other, words) => h("li", null,
    other.id ? h("a", { href: modelAddress(other.id) }, other.name) : other.name,
    h("span", { class: "note" }, [
      words, other.quantization, typeof other.size === "number" ? bytes(other.size) : "not on this machine",
      errorText(other.comparison?.total),
    ].filter(Boolean).join(" · ")));
  return h("div", { class: "panel" }, h("h2", null, "Lineage"),
    h("ol", { class: "line" },
      [...bases].reverse().map((base) => entry(base, base.distance === 1 ? "base" : "base of the base")),
      h("li", { class: "here", "aria-current": "true" }, h("strong", null, one.name),
        h("span", { class: "note" }, [one.base_model_relation, one.quantization, errorText(one.comparison?.total)]
          .filter(Boolean).join(" · "))),
      derived.map((child) => entry(child, child.relation ?? "made from it")),
      made.map((job) => h("li", null, job.subject.split(" as ").pop(),
        h("span", { class: "note" }, ["made here", bytes(job.result?.size), errorText(job.result?.comparison?.total)]
          .filter(Boolean).join(" · "))))));
}

// MARK: Files and tensors

function files(one) {
  const all = one.details.files ?? [];
  const rows = (list) => list.map((file) => [
    file.path, bytes(file.size), file.format ?? "", (file.dtypes ?? []).join(", "), parameters(file.parameters) ?? "",
  ]);
  const heads = ["File", ["Size", "num"], "Format", "Types", ["Parameters", "num"]];
  const first = 40;
  const frame = h("div", null, table("Files", heads, rows(all.slice(0, first))));
  const parts = all.filter((file) => file.size > 0).map((file) => ({ name: file.path, bytes: file.size }));
  return h("section", null, h("h2", null, `${counted(all.length, "file")}, ${bytes(one.size)}`),
    parts.filter((part) => part.bytes > one.size / 50).length > 1 && treemap(`Treemap of the files of ${one.name}`, parts),
    frame,
    all.length > first && h("p", { class: "more" }, h("button", {
      type: "button", click: (event) => {
        event.target.parentElement.remove();
        replace(frame, table("Files", heads, rows(all)));
      },
    }, `Show all ${all.length}`)));
}

function tensors(one, id, wanted, signal) {
  const all = one.tensors;
  if (!all || all.count === 0) return null;
  const body = [];
  const place = h("div");
  const more = h("p", { class: "more" });
  const add = (list) => {
    body.push(...list.map((tensor) => [
      h("code", null, tensor.name), tensor.type ?? "–", shape(tensor.shape), bytes(tensor.bytes),
    ]));
    replace(place, table("Tensors", ["Tensor", "Type", "Shape", ["Size", "num"]], body));
    replace(more, body.length < all.count && h("button", { type: "button", click: next }, "Show more tensors"));
  };
  async function next() {
    try {
      const part = await get(modelPath(id), { revision: wanted, tensors_from: body.length, tensors_limit: 500 }, signal);
      add(part.tensors.list);
      say(`${body.length} tensors are shown`);
    } catch (error) {
      replace(more, fault(error, next));
    }
  }
  add(all.list);
  const details = h("details", null, h("summary", null, "Names and shapes"), place, more);
  return h("section", null, h("h2", null, counted(all.count, "tensor")),
    table("Types of tensors", ["Type", ["Tensors", "num"], ["Size", "num"]],
      all.types.map((total) => [total.type || "not stated", total.tensors.toLocaleString("en"), bytes(total.bytes)])),
    details);
}
