// Sizes, counts and names for people.

const UNITS = ["B", "kB", "MB", "GB", "TB", "PB"];

/** A size with three digits: "4.58 GB". */
export function bytes(value) {
  if (typeof value !== "number" || !Number.isFinite(value)) return "–";
  let number = value;
  let unit = 0;
  while (number >= 999.5 && unit < UNITS.length - 1) {
    number /= 1000;
    unit += 1;
  }
  return `${threeDigits(number, unit === 0)} ${UNITS[unit]}`;
}

/** A number of parameters: "7.62B". */
export function parameters(value) {
  if (typeof value !== "number" || !Number.isFinite(value)) return null;
  let number = value;
  let unit = 0;
  while (number >= 999.5 && unit < 4) {
    number /= 1000;
    unit += 1;
  }
  return threeDigits(number, unit === 0) + ["", "K", "M", "B", "T"][unit];
}

function threeDigits(number, isWhole) {
  if (isWhole || number >= 99.95) return String(Math.round(number));
  return number.toFixed(number >= 9.995 ? 1 : 2);
}

/** A count with its word: "1 file", "3 files". */
export function counted(number, word, words) {
  return `${number.toLocaleString("en")} ${number === 1 ? word : words ?? `${word}s`}`;
}

/** A time of the interface for people, in their own zone. */
export function time(text) {
  const date = new Date(text ?? "");
  if (Number.isNaN(date.getTime())) return "–";
  const two = (value) => String(value).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} `
    + `${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** The first digits of a commit or a digest; other revisions as they are. */
export function revision(text) {
  return /^(sha256:)?[0-9a-f]{40,64}$/.test(text) ? text.replace("sha256:", "").slice(0, 10) : text;
}

/** A shape, the outermost dimension first. */
export function shape(dimensions) {
  return dimensions === null || dimensions === undefined ? "–" : dimensions.length === 0 ? "scalar" : dimensions.join(" × ");
}

const ORIGINS = { hub: "Hugging Face", kaggle: "Kaggle", registry: "OCI registry", catalogue: "Registry here" };

/** Where a model comes from. */
export function origin(name) {
  return ORIGINS[name] ?? name;
}

const ACCELERATORS = {
  t4x2: "2 × T4", "t4x2-highmem": "2 × T4, more memory", p100: "P100", l4x4: "4 × L4", l4: "L4", a100: "A100", h100: "H100",
  "rtx-pro-6000": "RTX PRO 6000", tpu: "TPU v5e-8", "tpu-v6e": "TPU v6e-8", cpu: "No accelerator",
};

/** An accelerator's name. */
export function accelerator(name) {
  return ACCELERATORS[name] ?? name;
}

/** The address of a model's view. */
export function modelAddress(id, revision) {
  return `#/model?${new URLSearchParams(revision ? { id, revision } : { id })}`;
}

/** A measured difference: by the signal to its noise, and the root of the mean square. */
export function errorText(total) {
  if (!total) return null;
  const parts = [
    typeof total.snr_db === "number" && `${total.snr_db.toFixed(1)} dB signal to noise`,
    typeof total.rms === "number" && `rms error ${total.rms.toPrecision(3)}`,
  ].filter(Boolean);
  return parts.length > 0 ? parts.join(", ") : null;
}
