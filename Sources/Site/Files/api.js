// Questions to this server, with the token where one is needed.

const KEY = "knapsack-token";

/** The token that was entered in this tab; null if there is none. */
export function token() {
  try {
    return sessionStorage.getItem(KEY);
  } catch {
    return null;
  }
}

/** Keeps a token until the tab is closed; null forgets it. */
export function setToken(value) {
  try {
    if (value) sessionStorage.setItem(KEY, value);
    else sessionStorage.removeItem(KEY);
  } catch {
    // A browser that keeps nothing asks again.
  }
}

/** Why a question was not answered. */
export class Refusal extends Error {
  constructor(status, text) {
    super(text);
    this.status = status;
  }
}

let asking = null;

/** Asks whoever sits in front of the page for a token; resolves with whether there is one now. */
export function askForToken(why) {
  asking ??= new Promise((resolve) => {
    const dialog = document.getElementById("asking");
    const value = document.getElementById("asking-value");
    const form = document.getElementById("asking-form");
    document.getElementById("asking-forget").hidden = !token();
    if (why) document.getElementById("asking-why").textContent = why;
    value.value = "";
    function end(result) {
      form.removeEventListener("submit", use);
      dialog.removeEventListener("close", close);
      asking = null;
      document.getElementById("token").hidden = false;
      resolve(result);
    }
    function use(event) {
      event.preventDefault();
      setToken(value.value.trim());
      end(true);
      dialog.close();
    }
    function close() {
      end(false);
    }
    form.addEventListener("submit", use);
    dialog.addEventListener("close", close);
    dialog.showModal();
  });
  return asking;
}

async function send(path, options) {
  const headers = { ...options.headers };
  if (token()) headers.Authorization = `Bearer ${token()}`;
  try {
    return await fetch(path, { ...options, headers, credentials: "omit", redirect: "error" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refusal(0, "The server does not answer. Is it still running?");
  }
}

async function answered(path, options) {
  let answer = await send(path, options);
  while (answer.status === 401) {
    const had = token() !== null;
    const isThere = await askForToken(had ? "The server does not know this token." : null);
    if (!isThere) throw new Refusal(401, "This server shows nothing without a token.");
    answer = await send(path, options);
  }
  return answer;
}

async function readDocument(answer) {
  let json = null;
  try {
    json = await answer.json();
  } catch {
    // A refusal may come without a body.
  }
  if (!answer.ok) throw new Refusal(answer.status, json?.detail ?? json?.error ?? `The server answered ${answer.status}.`);
  return json;
}

/** A document. Parameters that are null, undefined or empty are left out. */
export async function get(path, parameters, signal) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters ?? {})) {
    if (value !== null && value !== undefined && value !== "") query.set(name, value);
  }
  const text = query.toString();
  return readDocument(await answered(text ? `${path}?${text}` : path, { signal }));
}

/** Sends a document, and gives the answer's. */
export async function change(method, path, body) {
  const options = { method };
  if (body !== undefined) {
    options.body = JSON.stringify(body);
    options.headers = { "Content-Type": "application/json" };
  }
  return readDocument(await answered(path, options));
}

/** The path of a model in the interface. */
export function modelPath(id) {
  return `/api/marketplace/models/${encodeURIComponent(id)}`;
}

/**
 * Calls back with every state of a job until it ends. The stream is read with fetch, because EventSource sends no token;
 * where it breaks off, it is asked for again.
 */
export async function watch(id, seen, signal) {
  let last = null;
  let failures = 0;
  while (!signal.aborted) {
    try {
      const headers = last ? { "Last-Event-ID": last } : {};
      const answer = await answered(`/api/jobs/${encodeURIComponent(id)}/events`, { signal, headers });
      if (answer.status === 204) return;
      if (!answer.ok) await readDocument(answer);
      for await (const event of events(answer.body)) {
        failures = 0;
        last = event.id ?? last;
        if (event.name === "deleted") return;
        const job = JSON.parse(event.data);
        seen(job);
        if (event.name === "end") return;
      }
    } catch (error) {
      if (signal.aborted) return;
      failures += 1;
      if ((error.status && error.status !== 503) || failures > 20) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, Math.min(500 * failures + 200, 5000)));
  }
}

/** The events of a stream of text (HTML, 9.2). */
export async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  let event = { name: "message", data: "", id: null };
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    rest += value;
    const lines = rest.split(/\r\n|\n|\r/);
    rest = lines.pop();
    for (const line of lines) {
      if (line === "") {
        if (event.data !== "") yield { ...event, data: event.data.replace(/\n$/, "") };
        event = { name: "message", data: "", id: null };
        continue;
      }
      const colon = line.indexOf(":");
      const field = colon < 0 ? line : line.slice(0, colon);
      const text = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
      if (field === "data") event.data += `${text}\n`;
      else if (field === "event") event.name = text;
      else if (field === "id") event.id = text;
    }
  }
}

let interfaces = null;

/** Whether this server has an interface: what it does not have is not asked for. */
export async function offers(path) {
  interfaces ??= get("/openapi.json").then((document) => new Set(Object.keys(document.paths ?? {})));
  try {
    return (await interfaces).has(path);
  } catch (error) {
    interfaces = null;
    throw error;
  }
}
