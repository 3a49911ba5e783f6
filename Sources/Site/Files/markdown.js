// A card's Markdown as elements. Only the elements below are made, of text alone: HTML that a card has is left out, and an
// address leads to the web or nowhere. Every loop goes forward, and what is nested is bounded, so that no card takes long.

import { h, safeAddress } from "./dom.js";

const MOST_LINES = 20000;
const MOST_INLINE = 20000;
const DEEPEST = 6;

/** The elements of a card. Headings begin at the third level, because the page has those above, and leave out none. */
export function render(text) {
  const lines = withoutHTML(String(text).replace(/\r\n?/g, "\n")).split("\n");
  const state = { level: 2 };
  const result = blocks(lines.slice(0, MOST_LINES), 0, state);
  if (lines.length > MOST_LINES) result.push(h("p", { class: "note" }, "The card is longer; the rest is left out."));
  return result;
}

/** The text without comments, scripts, styles and tags; a break stays one. Code between fences and backticks stays as it is. */
export function withoutHTML(text) {
  const lower = text.toLowerCase();
  let result = "";
  let place = 0;
  while (place < text.length) {
    const start = nextMark(text, place);
    if (start < 0) return result + text.slice(place);
    result += text.slice(place, start);
    if (text[start] === "`") {
      const end = codeEnd(text, start);
      result += text.slice(start, end);
      place = end;
    } else if (text.startsWith("<!--", start)) {
      const end = text.indexOf("-->", start + 4);
      place = end < 0 ? text.length : end + 3;
    } else {
      const tag = /^<\/?([a-zA-Z][a-zA-Z0-9-]*)/.exec(text.slice(start, start + 40));
      const end = tag ? tagEnd(text, start) : -1;
      if (!tag || end < 0) {
        result += "<";
        place = start + 1;
        continue;
      }
      const name = tag[1].toLowerCase();
      place = end;
      if (["script", "style", "iframe", "object", "template", "svg", "math", "noscript"].includes(name)
        && text[start + 1] !== "/") {
        const close = lower.indexOf(`</${name}`, end);
        const after = close < 0 ? -1 : text.indexOf(">", close);
        place = after < 0 ? text.length : after + 1;
      } else if (["br", "p", "div", "li", "tr", "h1", "h2", "h3", "h4", "table"].includes(name)) {
        result += "\n";
      } else if (name === "td" || name === "th") {
        result += " ";
      }
    }
  }
  return result;
}

function nextMark(text, place) {
  for (let index = place; index < text.length; index += 1) {
    if (text[index] === "<" || text[index] === "`") return index;
  }
  return -1;
}

/** Where code that begins with backticks ends: behind as many of them, else behind the first ones. */
function codeEnd(text, start) {
  let run = start;
  while (text[run] === "`") run += 1;
  const marks = text.slice(start, run);
  const isFence = marks.length > 2 && (start === 0 || /\n[ ]{0,3}$/.test(text.slice(Math.max(0, start - 4), start)));
  const end = text.indexOf(isFence ? `\n${marks}` : marks, run);
  if (end < 0) return isFence ? text.length : run;
  if (!isFence && text.slice(run, end).includes("\n\n")) return run;
  return end + marks.length + (isFence ? 1 : 0);
}

function tagEnd(text, start) {
  let quote = null;
  for (let index = start + 1; index < text.length && index < start + 2000; index += 1) {
    const character = text[index];
    if (quote) {
      if (character === quote) quote = null;
    } else if (character === '"' || character === "'") {
      quote = character;
    } else if (character === ">") {
      return index + 1;
    }
  }
  return -1;
}

// MARK: Blocks

const LIST = /^( {0,3})([-*+]|\d{1,9}[.)])( +|$)/;

function blocks(lines, depth, state) {
  const result = [];
  let index = 0;
  while (index < lines.length) {
    const line = lines[index];
    let found;
    if (line.trim() === "") {
      index += 1;
    } else if ((found = /^ {0,3}(```+|~~~+)/.exec(line))) {
      index = fence(lines, index, found[1], result);
    } else if ((found = /^ {0,3}(#{1,6})(?:\s+(.*?))?(?:\s+#+)?\s*$/.exec(line))) {
      result.push(heading(found[1].length, found[2] ?? "", state));
      index += 1;
    } else if (/^ {0,3}([-*_])(?:\s*\1){2,}\s*$/.test(line)) {
      result.push(h("hr"));
      index += 1;
    } else if (depth < DEEPEST && /^ {0,3}>/.test(line)) {
      const inner = [];
      while (index < lines.length && /^ {0,3}>/.test(lines[index])) inner.push(lines[index++].replace(/^ {0,3}> ?/, ""));
      result.push(h("blockquote", null, blocks(inner, depth + 1, state)));
    } else if (depth < DEEPEST && LIST.test(line)) {
      index = list(lines, index, depth, state, result);
    } else if (line.includes("|") && isDivider(lines[index + 1])) {
      index = gridOf(lines, index, result);
    } else if (/^(?: {4}|\t)/.test(line)) {
      const code = [];
      while (index < lines.length && (/^(?: {4}|\t)/.test(lines[index]) || lines[index].trim() === "")) {
        code.push(lines[index++].replace(/^(?: {4}|\t)/, ""));
      }
      result.push(codeElement(code.join("\n").trimEnd()));
    } else {
      index = paragraph(lines, index, depth, state, result);
    }
  }
  return result;
}

function heading(wanted, text, state) {
  // A level that is left out would be one that a screen reader looks for.
  state.level = Math.min(Math.max(3, wanted + 2), state.level + 1, 6);
  return h(`h${state.level}`, null, inline(text, 0));
}

function fence(lines, start, marks, result) {
  const code = [];
  let index = start + 1;
  const end = new RegExp(`^ {0,3}${marks[0]}{${marks.length},}\\s*$`);
  while (index < lines.length && !end.test(lines[index])) code.push(lines[index++]);
  result.push(codeElement(code.join("\n")));
  return index + 1;
}

function codeElement(text) {
  return h("pre", { tabindex: "0", role: "region", "aria-label": "Code" }, h("code", null, text));
}

function list(lines, start, depth, state, result) {
  const first = LIST.exec(lines[start]);
  const isOrdered = /\d/.test(first[2]);
  const items = [];
  let index = start;
  while (index < lines.length) {
    const found = LIST.exec(lines[index]);
    if (!found || /\d/.test(found[2]) !== isOrdered) break;
    const width = found[0].length;
    const item = [lines[index].slice(width)];
    index += 1;
    while (index < lines.length) {
      const line = lines[index];
      if (line.trim() === "") {
        const next = lines[index + 1] ?? "";
        if (next.trim() === "" || leading(next) < 2) break;
        item.push("");
        index += 1;
      } else if (leading(line) >= Math.min(width, 2)) {
        item.push(line.slice(Math.min(leading(line), width)));
        index += 1;
      } else if (LIST.test(line) || startsBlock(line)) {
        break;
      } else {
        item.push(line);
        index += 1;
      }
    }
    items.push(item);
    while (index < lines.length && lines[index].trim() === "" && LIST.test(lines[index + 1] ?? "")) index += 1;
  }
  const number = isOrdered ? Number.parseInt(first[2], 10) : null;
  const start_ = number !== null && number !== 1 ? String(number) : null;
  result.push(h(isOrdered ? "ol" : "ul", { start: start_ }, items.map((item) => {
    const parts = blocks(item, depth + 1, state);
    // One paragraph alone is the text of the item.
    return h("li", null, parts.length === 1 && parts[0].tagName === "P" ? [...parts[0].childNodes] : parts);
  })));
  return index;
}

function leading(line) {
  let count = 0;
  while (line[count] === " ") count += 1;
  return line[0] === "\t" ? 4 : count;
}

function startsBlock(line) {
  return /^ {0,3}(#{1,6}\s|```|~~~|>)/.test(line) || /^ {0,3}([-*_])(?:\s*\1){2,}\s*$/.test(line);
}

function isDivider(line) {
  return line !== undefined && line.includes("-") && line.includes("|") && /^[\s|:-]+$/.test(line);
}

function cells(line) {
  const parts = line.trim().replace(/^\|/, "").replace(/\|$/, "").split(/(?<!\\)\|/);
  return parts.slice(0, 100).map((part) => part.trim().replaceAll("\\|", "|"));
}

function gridOf(lines, start, result) {
  const heads = cells(lines[start]);
  const rows = [];
  let index = start + 2;
  while (index < lines.length && lines[index].trim() !== "" && lines[index].includes("|") && rows.length < 2000) {
    rows.push(cells(lines[index++]));
  }
  result.push(h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Table" },
    h("table", null,
      h("thead", null, h("tr", null, heads.map((cell) => cell === "" ? h("td") : h("th", { scope: "col" }, inline(cell, 0))))),
      h("tbody", null, rows.map((row) =>
        h("tr", null, heads.map((_, column) => h("td", null, inline(row[column] ?? "", 0)))))))));
  return index;
}

function paragraph(lines, start, depth, state, result) {
  const text = [];
  let index = start;
  while (index < lines.length && lines[index].trim() !== "") {
    if (index > start && (startsBlock(lines[index]) || (depth < DEEPEST && LIST.test(lines[index])))) break;
    const under = /^ {0,3}(=+|-+)\s*$/.exec(lines[index + 1] ?? "");
    if (under && !lines[index].includes("|")) {
      text.push(lines[index].trim());
      result.push(heading(under[1][0] === "=" ? 1 : 2, text.join(" "), state));
      return index + 2;
    }
    text.push(lines[index].replace(/ {2,}$/, "\\").trim());
    index += 1;
    if (lines[index]?.includes("|") && isDivider(lines[index + 1])) break;
  }
  result.push(h("p", null, inline(text.join("\n"), 0)));
  return index;
}

// MARK: Within a line

/** An address in a text, with at least one character behind its slashes. */
const ADDRESS = /^https?:\/\/[^\s<>()[\]"'`*|]+/;

/** The nodes of a text with emphasis, code and links. */
function inline(text, depth) {
  if (text.length > MOST_INLINE || depth > DEEPEST) return [plain(text)];
  const result = [];
  let word = "";
  const missing = new Set();
  function flush() {
    if (word) result.push(plain(word));
    word = "";
  }
  let index = 0;
  while (index < text.length) {
    const character = text[index];
    const rest = text.slice(index, index + 3);
    if (character === "\\" && index + 1 < text.length) {
      if (text[index + 1] === "\n") {
        flush();
        result.push(h("br"));
      } else {
        word += /[!-/:-@[-`{-~]/.test(text[index + 1]) ? text[index + 1] : `\\${text[index + 1]}`;
      }
      index += 2;
    } else if (character === "`") {
      let run = index;
      while (text[run] === "`") run += 1;
      const marks = text.slice(index, run);
      const end = missing.has(marks) ? -1 : text.indexOf(marks, run);
      if (end < 0) {
        missing.add(marks);
        word += marks;
        index = run;
      } else {
        flush();
        result.push(h("code", null, text.slice(run, end).replace(/^ (.*) $/s, "$1")));
        index = end + marks.length;
      }
    } else if ((character === "!" && text[index + 1] === "[") || character === "[") {
      const found = missing.has("[") ? null : link(text, index);
      if (!found) {
        word += character;
        index += 1;
      } else if (found === "none") {
        missing.add("[");
      } else {
        flush();
        result.push(...found.nodes(depth));
        index = found.end;
      }
    } else if (["**", "__", "~~"].some((mark) => rest.startsWith(mark)) || character === "*" || character === "_") {
      const mark = ["**", "__", "~~"].find((two) => rest.startsWith(two)) ?? character;
      const end = missing.has(mark) || !opens(text, index, mark) ? -1 : closing(text, index + mark.length, mark);
      if (end < 0) {
        if (opens(text, index, mark)) missing.add(mark);
        word += mark;
        index += mark.length;
      } else {
        flush();
        const tag = mark === "~~" ? "del" : mark.length === 2 ? "strong" : "em";
        result.push(h(tag, null, inline(text.slice(index + mark.length, end), depth + 1)));
        index = end + mark.length;
      }
    } else if (character === "h" && ADDRESS.test(text.slice(index, index + 9)) && !/[\w/]$/.test(word)) {
      const address = ADDRESS.exec(text.slice(index, index + 2000))[0].replace(/[.,;:!?]+$/, "");
      flush();
      result.push(anchor(address, [address]));
      index += address.length;
    } else {
      word += character;
      index += 1;
    }
  }
  flush();
  return result;
}

function opens(text, index, mark) {
  const before = text[index - 1] ?? " ";
  const after = text[index + mark.length] ?? " ";
  return !/\s/.test(after) && !(mark[0] === "_" && /\w/.test(before));
}

function closing(text, from, mark) {
  let end = text.indexOf(mark, from);
  let tries = 0;
  while (end >= 0 && tries < 50) {
    const isEnd = end > from && !/\s/.test(text[end - 1]) && text[end - 1] !== "\\"
      && !(mark.length === 1 && (text[end + 1] === mark || text[end - 1] === mark))
      && !(mark[0] === "_" && /\w/.test(text[end + mark.length] ?? " "));
    if (isEnd) return end;
    end = text.indexOf(mark, end + 1);
    tries += 1;
  }
  return -1;
}

/** A link or an image; null where there is none here, "none" where no bracket ends any more. */
function link(text, start) {
  const isImage = text[start] === "!";
  let index = start + (isImage ? 2 : 1);
  let open = 1;
  const first = index;
  for (; index < text.length && index < first + 500; index += 1) {
    if (text[index] === "\\") index += 1;
    else if (text[index] === "[") open += 1;
    else if (text[index] === "]" && (open -= 1) === 0) break;
  }
  if (index >= text.length) return open > 1 || index - first < 500 ? "none" : null;
  if (text[index] !== "]" || text[index + 1] !== "(") return null;
  const label = text.slice(first, index);
  const from = index + 2;
  let inner = 0;
  let end = from;
  for (; end < text.length && end < from + 2000; end += 1) {
    if (text[end] === "(") inner += 1;
    else if (text[end] === ")" && (inner -= 1) < 0) break;
  }
  if (text[end] !== ")") return null;
  const address = text.slice(from, end).trim().split(/\s/)[0].replace(/^<|>$/g, "");
  return {
    end: end + 1,
    nodes: (depth) => isImage ? image(label) : [anchor(address, inline(label, depth + 1))],
  };
}

/** Pictures are not loaded: they would be asked of somebody else. */
function image(label) {
  return label.trim() === "" ? [] : [h("span", { class: "picture" }, `picture: ${plain(label)}`)];
}

function anchor(address, children) {
  const safe = /^(https?:|mailto:)/i.test(address) ? safeAddress(address) : null;
  if (!safe) return h("span", null, children);
  // A link in a link is none: its label is text.
  const texts = children.map((child) => (child instanceof Element && child.tagName === "A" ? child.textContent : child));
  return h("a", { href: safe, rel: "noreferrer noopener nofollow", target: "_blank" }, texts);
}

const NAMED = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: " ", copy: "©", ndash: "–", mdash: "—", hellip: "…" };

/** The text with its character references resolved; as text they can do nothing. */
function plain(text) {
  return text.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]{2,6}));/gi, (whole, decimal, hex, name) => {
    if (name) return NAMED[name.toLowerCase()] ?? whole;
    const code = decimal ? Number.parseInt(decimal, 10) : Number.parseInt(hex, 16);
    return code > 31 && code < 0x110000 && !(code >= 0xd800 && code < 0xe000) ? String.fromCodePoint(code) : whole;
  });
}
