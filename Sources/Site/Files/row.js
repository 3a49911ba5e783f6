// A model in a list.

import { chip, h } from "./dom.js";
import { bytes, counted, modelAddress, origin, parameters } from "./format.js";

/** The name with its owner in a softer colour. */
export function name(text) {
  const cut = text.lastIndexOf("/");
  return cut < 0 ? [text] : [h("span", { class: "org" }, text.slice(0, cut + 1)), text.slice(cut + 1)];
}

/** The parts of a line that are stated. */
export function meta(parts) {
  return h("p", { class: "meta" }, parts.filter(Boolean).map((part) => h("span", null, part)));
}

/** What is wrong with a model, or of another kind than most, as words in frames. */
export function marks(one) {
  return [
    one.kind !== "model" && chip(one.kind === "dataset" ? "data set" : one.kind),
    one.origin === "catalogue" && chip("in the registry"),
    one.origin !== "catalogue" && one.complete === false && chip("incomplete", "bad"),
    one.complete !== false && one.problems > 0 && chip(counted(one.problems, "finding"), "warn"),
    one.adapter && chip("adapter"),
    one.quantization && chip(one.quantization),
  ].filter(Boolean);
}

/** An entry of a list of what is on this machine. */
export function row(one, side) {
  const found = marks(one);
  return h("li", null,
    h("div", null,
      h("h2", null, h("a", { href: modelAddress(one.id) }, name(one.name))),
      one.title && one.title !== one.name && h("p", null, one.title),
      meta([
        one.task, parameters(one.parameters) && `${parameters(one.parameters)} parameters`,
        one.dtypes?.slice(0, 3).join(", "), (one.formats ?? []).slice(0, 3).join(", "), one.license ?? "licence unknown",
        one.origin !== "hub" && origin(one.origin),
      ]),
      found.length > 0 && h("p", { class: "chips" }, found)),
    h("div", { class: "size" }, bytes(one.size), h("p", null, one.updated ?? ""), side));
}
