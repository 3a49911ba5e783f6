// The frame: which view is shown, what is marked in the head, and what happens where a view cannot be shown.

import { askForToken, setToken, token } from "./api.js";
import { browse } from "./browse.js";
import { bundles } from "./bundles.js";
import { compare } from "./compare.js";
import { h, replace, say } from "./dom.js";
import { fault } from "./fault.js";
import { health } from "./health.js";
import { jobs } from "./jobs.js";
import { model } from "./model.js";

const VIEWS = { models: browse, model, compare, bundles, health, jobs };
const NAMES = { model: "models" };
const main = document.getElementById("main");
let running = null;

/** The view and its parameters that the address names. */
function place() {
  const [path, query] = location.hash.replace(/^#\/?/, "").split("?", 2);
  const name = path === "" ? "models" : path;
  return { name, parameters: new URLSearchParams(query ?? "") };
}

async function show(event) {
  const { name, parameters } = place();
  const address = location.hash;
  delete main.dataset.shown;
  running?.abort();
  const own = new AbortController();
  running = own;
  for (const link of document.querySelectorAll("#nav a")) {
    const isHere = link.getAttribute("href") === `#/${NAMES[name] ?? name}`;
    if (isHere) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  const view = VIEWS[name];
  if (!view) {
    replace(main, h("h1", null, "There is no such view"), h("p", null, h("a", { href: "#/models" }, "All models")));
    return;
  }
  const waiting = setTimeout(() => { replace(main, h("h1", { class: "loading" }, "Loading…")); }, 250);
  try {
    const page = await view(parameters, own.signal);
    clearTimeout(waiting);
    if (own.signal.aborted) return;
    replace(main, page.content);
    main.dataset.shown = address;
    document.title = `${page.title} – Knapsack`;
    page.shown?.();
    // Whoever does not see the page hears that it is another one; at the first one nothing moves.
    if (event) {
      main.focus({ preventScroll: true });
      scrollTo(0, 0);
      say(page.title);
    }
  } catch (error) {
    clearTimeout(waiting);
    if (own.signal.aborted || error.name === "AbortError") return;
    replace(main, h("h1", null, "This cannot be shown"), fault(error, () => show()));
    main.dataset.shown = address;
    document.title = "Not shown – Knapsack";
  }
}

addEventListener("hashchange", show);
addEventListener("knapsack-again", () => show());
document.getElementById("skip").addEventListener("click", (event) => {
  event.preventDefault();
  main.focus();
});
const button = document.getElementById("token");
button.hidden = !token();
button.addEventListener("click", async () => {
  if (await askForToken(null)) show();
});
document.getElementById("asking-forget").addEventListener("click", () => {
  setToken(null);
  button.hidden = true;
  document.getElementById("asking").close();
  show();
});
show();
