// A treemap, divided as Bruls, Huizing and van Wijk do it ("Squarified Treemaps", 2000).

import { svg } from "./dom.js";
import { bytes, counted } from "./format.js";

const COLORS = 8;
const MOST = 60;

/** The picture of parts with names and bytes; those that are too small for one of their own are together. */
export function treemap(label, parts) {
  const sorted = [...parts].filter((part) => part.bytes > 0).sort((left, right) => right.bytes - left.bytes);
  const total = sorted.reduce((sum, part) => sum + part.bytes, 0);
  let count = 0;
  while (count < sorted.length && count < MOST && sorted[count].bytes / total > 0.002) count += 1;
  const shown = sorted.slice(0, count).map((part, index) => ({ ...part, color: index % COLORS }));
  const rest = sorted.slice(count);
  if (rest.length > 0) {
    const size = rest.reduce((sum, part) => sum + part.bytes, 0);
    shown.push({ name: counted(rest.length, "smaller part"), bytes: size, color: COLORS - 1 });
  }
  const [width, height] = matchMedia("(max-width: 520px)").matches ? [360, 240] : [860, 260];
  const boxes = divide(shown, { x: 0, y: 0, width, height });
  const words = shown.slice(0, 8).map((part) => `${part.name}: ${bytes(part.bytes)}`).join("; ");
  return svg("svg", { class: "map", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `${label}. ${words}.` },
    boxes.map(({ part, box }) => svg("g", { class: `c${part.color}` },
      svg("rect", { x: box.x, y: box.y, width: box.width, height: box.height }),
      svg("title", null, `${part.name}: ${bytes(part.bytes)}`),
      text(part, box))));
}

function text(part, box) {
  const room = Math.floor((box.width - 12) / 7);
  if (room < 5 || box.height < 18) return null;
  const name = part.name.length <= room ? part.name : `…${part.name.slice(part.name.length - room + 1)}`;
  const second = box.height > 36 && bytes(part.bytes).length <= room;
  return [
    svg("text", { x: box.x + 6, y: box.y + 15 }, name),
    second && svg("text", { x: box.x + 6, y: box.y + 30 }, bytes(part.bytes)),
  ];
}

/** The boxes of parts, which are sorted by their bytes. */
export function divide(parts, whole) {
  const result = [];
  const total = parts.reduce((sum, part) => sum + part.bytes, 0);
  if (total <= 0) return result;
  const scale = whole.width * whole.height / total;
  let box = { ...whole };
  let row = [];
  const worst = (list, side) => {
    const sum = list.reduce((all, part) => all + part.bytes * scale, 0);
    const largest = list[0].bytes * scale;
    const smallest = list[list.length - 1].bytes * scale;
    return Math.max(side * side * largest / (sum * sum), sum * sum / (side * side * smallest));
  };
  const place = () => {
    const sum = row.reduce((all, part) => all + part.bytes * scale, 0);
    const isTall = box.width >= box.height;
    const thickness = Math.min(sum / (isTall ? box.height : box.width), isTall ? box.width : box.height);
    let offset = 0;
    for (const part of row) {
      const length = part.bytes * scale / (thickness || 1);
      result.push({
        part, box: isTall ? { x: box.x, y: box.y + offset, width: thickness, height: length }
          : { x: box.x + offset, y: box.y, width: length, height: thickness },
      });
      offset += length;
    }
    box = isTall ? { ...box, x: box.x + thickness, width: Math.max(0, box.width - thickness) }
      : { ...box, y: box.y + thickness, height: Math.max(0, box.height - thickness) };
    row = [];
  };
  for (const part of parts) {
    const side = Math.min(box.width, box.height);
    if (row.length > 0 && worst([...row, part], side) > worst(row, side)) place();
    row.push(part);
  }
  if (row.length > 0) place();
  return result;
}
