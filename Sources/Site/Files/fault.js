// Why something is not there.

import { Refusal } from "./api.js";
import { h } from "./dom.js";

/** Why something is not there, and a button that tries again. */
export function fault(error, again) {
  const text = error instanceof Refusal ? error.message : `Something went wrong in this page: ${error.message}`;
  return h("div", { class: "fault", role: "alert" },
    h("p", null, text), again && h("button", { type: "button", click: again }, "Try again"));
}
