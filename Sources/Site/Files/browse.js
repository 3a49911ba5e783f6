// Browse and search: what is on this machine with filters, and what the Hub and Kaggle have.

import { get } from "./api.js";
import { empty, h, replace, say } from "./dom.js";
import { fault } from "./fault.js";
import { counted, origin } from "./format.js";
import { installPlace } from "./install.js";
import { bytes, modelAddress, parameters } from "./format.js";
import { meta, name, row } from "./row.js";

const FILTERS = [
  ["category", "Category"], ["kind", "Kind"], ["task", "Task"], ["framework", "Framework or format"], ["license", "Licence"],
  ["tags", "Tag"], ["origin", "From"],
];
const SIZES = [["", "any size"], ["1e8", "100 MB"], ["1e9", "1 GB"], ["5e9", "5 GB"], ["2e10", "20 GB"], ["1e11", "100 GB"]];
const SORTS = [["name", "name"], ["updated", "last change"], ["size", "size"], ["parameters", "parameters"]];
const PLACES = [["local", "This machine"], ["hub", "Hugging Face"], ["kaggle", "Kaggle"]];
const WORDS = { model: "models", dataset: "data sets", space: "spaces", kernel: "kernels" };

/** The view. Its state is in the address, so that it can be kept and sent. */
export async function browse(parameters, signal) {
  const state = Object.fromEntries(parameters);
  const place = PLACES.some(([value]) => value === state.source) ? state.source : "local";
  const results = h("div", { id: "results" });
  const content = [
    h("div", { class: "head" }, h("div", null, h("h1", null, "Models"),
      h("p", { class: "sub" }, "What the caches and the registry of this machine hold, and what there is elsewhere."))),
    searchForm(state, place),
    results,
  ];
  if (place === "local") await local(results, state, signal);
  else await remote(results, state, place, signal);
  return { title: "Models", content };
}

/** Goes to the same view with other parameters. */
function go(state, changes) {
  const next = new URLSearchParams();
  for (const [key, value] of Object.entries({ ...state, ...changes })) {
    if (value && !(key === "source" && value === "local")) next.set(key, value);
  }
  const text = next.toString();
  location.hash = text ? `#/models?${text}` : "#/models";
}

function searchForm(state, place) {
  const input = h("input", {
    type: "search", id: "query", name: "query", value: state.query ?? "", placeholder: "Name, task, tag …", autocomplete: "off",
  });
  return h("form", {
    role: "search", submit: (event) => {
      event.preventDefault();
      go(state, { query: input.value.trim() });
    },
  },
  h("div", { class: "search" }, h("label", { class: "hidden", for: "query" }, "Search for"), input,
    h("button", { type: "submit", class: "strong" }, "Search")),
  h("div", { class: "tools" },
    h("fieldset", null, h("legend", { class: "hidden" }, "Where to search"),
      h("div", { class: "places" }, PLACES.map(([value, label]) => h("label", null,
        h("input", {
          type: "radio", name: "place", value, checked: value === place,
          change: () => go({ query: input.value.trim() }, { source: value }),
        }), h("span", null, label)))))));
}

// MARK: This machine

async function local(results, state, signal) {
  const { source, ...filters } = state;
  const page = await get("/api/marketplace/models", { ...filters, limit: 50 }, signal);
  const list = h("ul", { class: "models" });
  const more = h("p", { class: "more" });
  const chosen = new Set();
  const tray = h("div", { class: "tray", hidden: true });
  const isFiltered = Object.keys(filters).some((key) => key !== "sort");

  function add(part) {
    for (const one of part.models) list.append(row(one, one.kind === "model" && choice(one)));
    replace(more, part.next && h("button", { type: "button", click: () => next(part.next) }, "Show more"));
  }
  async function next(cursor) {
    try {
      const part = await get("/api/marketplace/models", { ...filters, limit: 50, cursor }, signal);
      add(part);
      say(`${counted(part.models.length, "more entry", "more entries")}`);
    } catch (error) {
      replace(more, fault(error, () => next(cursor)));
    }
  }
  function choice(one) {
    const box = h("input", {
      type: "checkbox", "aria-label": `Compare ${one.name}`, change: () => {
        if (box.checked) chosen.add(one.id);
        else chosen.delete(one.id);
        drawTray();
      },
    });
    return h("label", { class: "check compare" }, box, "compare");
  }
  function drawTray() {
    tray.hidden = chosen.size === 0;
    const [first, second] = [...chosen];
    const isReady = chosen.size === 2;
    replace(tray, h("p", null, isReady ? "Two models are chosen." : chosen.size < 2 ? "Choose one more to compare." : "Choose two to compare."),
      h("button", {
        type: "button", class: "strong", disabled: !isReady,
        click: () => { location.hash = `#/compare?${new URLSearchParams({ first, second })}`; },
      }, "Compare"));
  }

  add(page);
  const count = isFiltered ? `${counted(page.count, "entry", "entries")} of ${page.total.toLocaleString("en")}`
    : counted(page.count, "entry", "entries");
  const tools = h("div", { class: "tools" },
    h("p", { class: "note", role: "status" }, count,
      page.reading && ` – still reading the caches: ${page.reading.done} of ${page.reading.count}`),
    h("label", null, "Sorted by", h("select", { change: (event) => go(state, { sort: event.target.value }) },
      SORTS.map(([value, label]) => h("option", { value, selected: value === (state.sort ?? "name") }, label)))));
  replace(results, h("div", { class: "browse" }, filterForm(state, page.choices, isFiltered),
    h("div", null, tools, page.models.length > 0 ? list : nothing(page, isFiltered, state), more, tray)));
  if (page.reading) {
    setTimeout(() => { if (!signal.aborted) dispatchEvent(new Event("knapsack-again")); }, 1500);
  }
}

function nothing(page, isFiltered, state) {
  if (page.reading) return empty("The caches are being read", "This list fills by itself.");
  if (isFiltered) {
    return empty("Nothing here has all of that", "Take a filter away, or look ",
      h("a", { href: `#/models?${new URLSearchParams({ query: state.query ?? "", source: "hub" })}` }, "on the Hub"), ".");
  }
  return empty("There is nothing here yet", "Search the Hub or Kaggle above and install something, or download it with ",
    h("code", null, "hf download org/name"), ".");
}

function filterForm(state, choices, isFiltered) {
  const fields = FILTERS.map(([key, label]) => {
    const found = choices?.[key] ?? [];
    const chosen = state[key] ?? "";
    if (found.length < 2 && !chosen) return null;
    const options = found.map(({ value, count }) => [value, `${words(key, value)} (${count})`]);
    if (chosen && !found.some(({ value }) => value === chosen)) options.unshift([chosen, chosen]);
    return h("label", null, label, h("select", { name: key, change: (event) => go(state, { [key]: event.target.value }) },
      h("option", { value: "" }, "any"),
      options.map(([value, text]) => h("option", { value, selected: value === chosen }, text))));
  });
  const bound = (key, label, none) => h("label", null, label,
    h("select", { name: key, change: (event) => go(state, { [key]: event.target.value }) },
      SIZES.map(([value, text]) => {
        const number = value && String(Number(value));
        return h("option", { value: number, selected: number === (state[key] ?? "") }, value ? text : none);
      })));
  const installed = h("label", { class: "check" }, h("input", {
    type: "checkbox", name: "installed", checked: state.installed === "true",
    change: (event) => go(state, { installed: event.target.checked ? "true" : "" }),
  }), "whole in a cache");
  return h("details", { class: "filters", open: isFiltered || matchMedia("(min-width: 901px)").matches },
    h("summary", null, "Filters"), h("div", null, fields,
      h("div", { class: "pair" }, bound("min_size", "At least", "0"), bound("max_size", "At most", "any size")), installed,
      isFiltered && h("button", { type: "button", class: "small", click: () => go({ sort: state.sort }, {}) }, "Clear all")));
}

function words(key, value) {
  if (key === "kind") return WORDS[value] ?? value;
  if (key === "origin") return origin(value);
  if (key === "category" && value === "dataset") return "data sets";
  return value;
}

// MARK: Elsewhere

async function remote(results, state, place, signal) {
  const label = PLACES.find(([value]) => value === place)[1];
  if (!state.query) {
    replace(results, empty(`Search ${label}`, "Write a name or a word above. This server asks for you; your browser asks nobody else."));
    return;
  }
  replace(results, h("p", { class: "loading" }, `Asking ${label} …`));
  const answer = await get("/api/marketplace/search", { query: state.query, source: place, limit: 50 }, signal);
  const [found] = answer.sources;
  if (found.state !== "ok") {
    replace(results, h("div", { class: "empty" }, h("p", { class: "lead" }, `${label} cannot be asked`),
      h("p", { class: "note" }, found.detail),
      h("p", null, h("button", { type: "button", click: () => dispatchEvent(new Event("knapsack-again")) }, "Try again"))));
    return;
  }
  if (found.results.length === 0) {
    replace(results, empty(`${label} finds nothing for “${state.query}”`, "Try fewer or other words."));
    return;
  }
  replace(results, h("div", { class: "tools" }, h("p", { class: "note", role: "status" },
    `${counted(found.results.length, "result")} from ${label}`)),
  h("ul", { class: "models" }, found.results.map((one) => remoteRow(one, signal))));
}

function remoteRow(one, signal) {
  const isHere = one.cached.length > 0;
  const count = (value, word) => (typeof value === "number" ? `${parameters(value)} ${word}` : null);
  return h("li", null,
    h("div", null, h("h2", null, isHere ? h("a", { href: modelAddress(one.id) }, name(one.name)) : name(one.name)),
      one.title && one.title !== one.name && h("p", null, one.title),
      meta([
        one.task, count(one.parameters, "parameters"), one.framework ?? one.library, one.license ?? "licence unknown",
        count(one.downloads, "downloads"), count(one.likes, "likes"), one.updated,
        one.access !== "open" && one.access !== "unknown" && `access: ${one.access}`,
      ])),
    h("div", { class: "size" }, one.size ? bytes(one.size) : "", installPlace(one.id, one.name, { isHere, signal })));
}
