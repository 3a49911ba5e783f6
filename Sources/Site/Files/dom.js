// Elements are made by calls alone: no text of the server is ever read as HTML.

const SVG = "http://www.w3.org/2000/svg";

/** An element. Attributes that are false, null or undefined are left out; a function listens to the event of its name. */
export function h(tag, attributes, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** An element of SVG. */
export function svg(tag, attributes, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === false || value === null || value === undefined) continue;
    if (typeof value === "function") element.addEventListener(name, value);
    else if (name === "href") element.setAttribute("href", safeAddress(value) ?? "#/");
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  append(element, children);
  return element;
}

/** Appends elements and texts; lists are flattened, and nothing is left out silently but null, undefined and false. */
export function append(element, children) {
  for (const child of children) {
    if (Array.isArray(child)) append(element, child);
    else if (child instanceof Node) element.append(child);
    else if (child !== null && child !== undefined && child !== false) element.append(String(child));
  }
}

/** An address that only leads somewhere: http, https, mailto, or a place of this page. Everything else is null. */
export function safeAddress(text) {
  const address = String(text).trim();
  if (/^#\//.test(address) || /^\/(docs|openapi\.json|api\/)/.test(address)) return address;
  if (!/^(https?:\/\/|mailto:)/i.test(address)) return null;
  try {
    const parsed = new URL(address);
    return ["http:", "https:", "mailto:"].includes(parsed.protocol) ? parsed.href : null;
  } catch {
    return null;
  }
}

/** Takes the place of everything that an element has. */
export function replace(element, ...children) {
  element.replaceChildren();
  append(element, children);
  return element;
}

/** States something to who does not see it change. */
export function say(text) {
  document.getElementById("status").textContent = text;
}

/** A button that copies a text. */
export function copyButton(label, text) {
  const button = h("button", { type: "button", class: "small", click: copy }, "Copy");
  button.setAttribute("aria-label", `Copy ${label}`);
  async function copy() {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // Without TLS there is no clipboard but on localhost: the old way works everywhere.
      const area = h("textarea", { class: "hidden", "aria-hidden": "true" });
      area.value = text;
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
      button.focus();
    }
    button.textContent = "Copied";
    say(`${label} copied`);
    setTimeout(() => { button.textContent = "Copy"; }, 1800);
  }
  return button;
}

/** Lines of code with a button that copies them. */
export function codeBlock(label, text) {
  return h("div", { class: "code" },
    h("pre", { tabindex: "0", role: "region", "aria-label": label }, h("code", null, text)), copyButton(label, text));
}

/** A table in a frame that scrolls by itself, so that the page never does sideways. */
export function table(label, heads, rows, attributes) {
  return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": label, ...attributes },
    h("table", null,
      h("thead", null, h("tr", null, heads.map((head) => {
        const [text, kind] = Array.isArray(head) ? head : [head];
        return h("th", { scope: "col", class: kind }, text);
      }))),
      h("tbody", null, rows.map((row) => h("tr", null, row.map((cell, column) => {
        const kind = Array.isArray(heads[column]) ? heads[column][1] : null;
        return column === 0 ? h("th", { scope: "row", class: kind }, cell) : h("td", { class: kind }, cell);
      }))))));
}

/** A list of names and values; what has no value is left out. */
export function facts(pairs) {
  return h("dl", { class: "facts" }, pairs.filter(([, value]) => isStated(value))
    .map(([name, value]) => h("div", null, h("dt", null, name), h("dd", null, value))));
}

function isStated(value) {
  return value !== null && value !== undefined && value !== false && value !== "" && !(Array.isArray(value) && value.length === 0);
}

/** A sentence where there is nothing to show. */
export function empty(title, ...text) {
  return h("div", { class: "empty" }, h("p", { class: "lead" }, title), h("p", { class: "note" }, ...text));
}

/** A word in a frame. */
export function chip(text, kind) {
  return h("span", { class: `chip ${kind ?? ""}` }, text);
}
