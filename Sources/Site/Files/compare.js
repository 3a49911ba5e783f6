// Two models side by side. What differs is marked.

import { get, modelPath } from "./api.js";
import { empty, h } from "./dom.js";
import { accelerator, bytes, counted, errorText, modelAddress, origin, parameters, revision } from "./format.js";
import { name } from "./row.js";

/** The view of the two models that the parameters "first" and "second" name. */
export async function compare(query, signal) {
  const first = query.get("first");
  const second = query.get("second");
  const list = await all(signal);
  const both = await Promise.all([first, second].map((id) => (id ? get(modelPath(id), { tensors_limit: 0 }, signal) : null)));
  const content = [
    h("div", { class: "head" }, h("div", null, h("h1", null, "Compare two models"),
      h("p", { class: "sub" }, "What their files, cards and headers state, side by side."))),
    choices(list, first, second),
    both[0] && both[1] ? sides(both[0], both[1])
      : empty(list.length < 2 ? "There are not two models yet" : "Choose two models", "They can also be ticked in the list of models."),
  ];
  return { title: "Compare", content };
}

async function all(signal) {
  const found = [];
  let cursor;
  do {
    const page = await get("/api/marketplace/models", { kind: "model", limit: 500, cursor }, signal);
    found.push(...page.models);
    cursor = page.next;
  } while (cursor && found.length < 3000);
  return found;
}

function choices(list, first, second) {
  const chosen = { first, second };
  const field = (key, label) => h("label", null, label, h("select", {
    name: key, change: (event) => {
      chosen[key] = event.target.value;
      const next = Object.fromEntries(Object.entries(chosen).filter(([, value]) => value));
      location.hash = `#/compare?${new URLSearchParams(next)}`;
    },
  }, h("option", { value: "" }, "choose …"),
  list.map((one) => h("option", { value: one.id, selected: one.id === chosen[key] },
    one.origin === "hub" ? one.name : `${one.name} (${origin(one.origin)})`))));
  return h("div", { class: "pair-of-choices" }, field("first", "First"), field("second", "Second"));
}

function sides(first, second) {
  const fits = (one) => new Map((one.details.accelerators ?? []).map((fit) => [fit.accelerator, fit.runs]));
  const [left, right] = [fits(first), fits(second)];
  const share = (one) => Object.entries(one.details.weight_bytes ?? {}).map(([type, size]) => `${type} ${bytes(size)}`).join(", ");
  const rows = [
    ["Size", bytes(first.size), bytes(second.size), ratio(first.size, second.size)],
    ["Parameters", parameters(first.parameters), parameters(second.parameters)],
    ["Weights", share(first), share(second)],
    ["Quantized", first.quantization ?? "no", second.quantization ?? "no"],
    ["Formats", (first.formats ?? []).join(", "), (second.formats ?? []).join(", ")],
    ["Licence", first.license, second.license],
    ["Task", first.task, second.task],
    ["Architecture", (first.architectures ?? []).join(", "), (second.architectures ?? []).join(", ")],
    ["Library", first.library, second.library],
    ["Made from", (first.base_models ?? []).join(", "), (second.base_models ?? []).join(", ")],
    ["Measured against its original", errorText(first.comparison?.total), errorText(second.comparison?.total)],
    ["Languages", (first.languages ?? []).join(", "), (second.languages ?? []).join(", ")],
    ["Files", counted(first.details.files.length, "file"), counted(second.details.files.length, "file")],
    ["Tensors", counted(first.tensors.count, "tensor"), counted(second.tensors.count, "tensor")],
    ["State", first.complete ? "complete" : "incomplete", second.complete ? "complete" : "incomplete"],
    ["From", origin(first.origin), origin(second.origin)],
    ["Revision", revision(first.revision), revision(second.revision)],
    ...[...new Set([...left.keys(), ...right.keys()])].map((key) => [
      key === "cpu" ? "Runs without accelerator" : `Runs on ${accelerator(key)}`, left.get(key), right.get(key),
    ]),
  ];
  const heading = (one) => h("th", { scope: "col" }, h("a", { href: modelAddress(one.id) }, name(one.name)));
  return h("div", { class: "scroll sides", tabindex: "0", role: "region", "aria-label": "Comparison" },
    h("table", null,
      h("thead", null, h("tr", null, h("td", null, h("span", { class: "hidden" }, "What")), heading(first), heading(second))),
      h("tbody", null, rows.map(([label, one, other, note]) => {
        const differs = (one || "") !== (other || "");
        return h("tr", null, h("th", { scope: "row" }, label), cell(one, null, differs), cell(other, note, differs));
      }))));
}

function cell(value, note, differs) {
  return h("td", { class: differs ? "differs" : null }, value || "–", note && ` (${note})`,
    differs && h("span", { class: "hidden" }, " differs"));
}

function ratio(first, second) {
  return first > 0 && second > 0 && first !== second ? `${(second / first).toFixed(2)} × the first` : null;
}
