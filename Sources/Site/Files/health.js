// The health of the caches: what is incomplete, corrupted, unverified or double, and what to do about it.

import { get } from "./api.js";
import { chip, copyButton, empty, h } from "./dom.js";
import { bytes, counted, modelAddress, revision } from "./format.js";

/** The view. */
export async function health(query, signal) {
  const state = await get("/api/health", null, signal);
  const sum = (list, key) => list.reduce((total, one) => total + (one[key] ?? 0), 0);
  const tile = (label, list, size) => h("div", null, h("dt", null, label),
    h("dd", null, list.length.toLocaleString("en"), h("small", null, size > 0 ? bytes(size) : "nothing")));
  const isWell = ["incomplete", "corrupted", "double", "unfinished", "problems"].every((key) => state[key].length === 0);
  const content = [
    h("div", { class: "head" }, h("div", null, h("h1", null, "Health of the caches"),
      h("p", { class: "sub" }, "By names, sizes and what was hashed so far. Nothing is changed from here."))),
    h("dl", { class: "tiles" },
      tile("Corrupted", state.corrupted, sum(state.corrupted, "size")),
      tile("Incomplete", state.incomplete, sum(state.incomplete, "size")),
      tile("Broken off", state.unfinished, sum(state.unfinished, "size")),
      tile("Unverified", state.unverified, sum(state.unverified, "size")),
      tile("Double", state.double, sum(state.double, "wasted"))),
    caches(state.caches),
    isWell && state.unverified.length === 0 && sum(state.caches, "revisions") > 0 && empty("Everything is well", "Every file is there, and is what its cache states."),
    part("Corrupted", "Their content is not what the cache states. They are never served.", state.corrupted,
      (one) => issue(one.file, one.size, one, one.path)),
    part("Incomplete", "Files that the revision lists are not there.", state.incomplete,
      (one) => issue(one.id, one.size, one,
        [one.missing > 0 && `${counted(one.missing, "file")} missing: ${one.files.slice(0, 5).join(", ")}${one.missing > 5 ? " …" : ""}`,
          ...one.problems].filter(Boolean).join("; "))),
    part("Broken off", "Parts of downloads that did not end, or that go on now.", state.unfinished,
      (one) => issue(one.id, one.size, one, one.path)),
    part("Unverified", "Nobody has compared their content with what it has to be.", state.unverified,
      (one) => issue(one.id, one.size, one, `${counted(one.files, "file")}: ${one.reason}`)),
    part("Double", "The same content more than once on this disk.", state.double,
      (one) => issue(`${one.count} × ${bytes(one.size)}`, one.wasted, one, (one.paths ?? []).join("\n"))),
    part("Other findings", "About the caches themselves.", state.problems,
      (one) => issue(one.message, null, one, (one.notes ?? []).join("; "))),
  ];
  return { title: "Health", content };
}

function caches(list) {
  return h("ul", { class: "issues" }, list.map((cache) => h("li", null,
    h("div", { class: "row" }, h("h2", { class: "lead" }, cache.name),
      cache.exists ? h("span", { class: "nw" }, `${counted(cache.revisions, "revision")}, ${bytes(cache.size)}`) : chip("not there")),
    h("p", { class: "note" }, cache.path && h("code", null, cache.path),
      cache.exists && typeof cache.free === "number" && `${cache.path ? " · " : ""}${bytes(cache.free)} free`))));
}

function part(title, about, list, draw) {
  if (list.length === 0) return null;
  return h("section", null, h("h2", null, `${title} (${list.length})`), h("p", { class: "note" }, about),
    h("ul", { class: "issues" }, list.map(draw)));
}

function issue(title, size, one, text) {
  const isModel = one.id && title === one.id;
  return h("li", null,
    h("div", { class: "row" },
      h("h3", null, isModel ? h("a", { href: modelAddress(one.id, one.revision) }, title) : title),
      typeof size === "number" && h("span", { class: "nw" }, bytes(size))),
    !isModel && one.id && h("p", { class: "note" }, h("a", { href: modelAddress(one.id, one.revision) }, one.id),
      one.revision && ` · ${revision(one.revision)}`),
    text && text.split("\n").map((line) => h("p", { class: "note" }, line)),
    one.fix && h("p", { class: "row fix" }, h("span", null, one.fix),
      /^(hf|knapsack|kagglehub\.)/.test(one.fix) && copyButton("the command", one.fix)));
}
