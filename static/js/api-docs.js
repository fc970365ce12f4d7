// The page of the API: fills in, sends and shows requests. The key stays in its field, and with it
// in this page's memory.
import { announce } from "./announce.js";
import * as samples from "./api-samples.js";

const BASE = document.getElementById("base-url").textContent;
const KEY = document.getElementById("api-key");
const TOLD = /^(content-type|retry-after|x-request-id|x-ratelimit-|x-chatsite-|x-should-retry|openai-processing|idempotent-)/;
const running = new WeakMap();
const newest = new Map(); // the id of the last object of each kind that a reply has had

const part = (endpoint, name) => endpoint.querySelector(`[data-${name}]`);

function bodyOf(endpoint) {
  try {
    return JSON.parse(part(endpoint, "body").value);
  } catch {
    return null;
  }
}

// The request that the form says, as api-samples.js has it.
function requestOf(endpoint) {
  const form = endpoint.querySelector("form");
  let path = form.dataset.path.replace("/v1", "");
  const query = new URLSearchParams();
  const fields = [];
  for (const input of form.querySelectorAll("[data-place]")) {
    const { place, name } = input.dataset;
    const value = input.type === "file" ? input.files[0] : input.value.trim();
    if (place === "path") {
      path = path.replace(`{${name}}`, value ? encodeURIComponent(value) : `{${name}}`);
    } else if (value && place === "query") query.append(name, value);
    else if (value) fields.push([name, value]);
  }
  if (query.size) path += `?${query}`;
  const body = part(endpoint, "body");
  return {
    url: BASE,
    path,
    method: form.dataset.method,
    body: body ? body.value : null,
    form: form.querySelector('[data-place="form"]') ? fields : null,
    streamed: body !== null && bodyOf(endpoint)?.stream === true,
  };
}

// --- the form

function showSample(endpoint) {
  const language = endpoint.querySelector("[data-language]:checked").value;
  part(endpoint, "sample").textContent = samples[language](requestOf(endpoint));
}

// The model and the stream are fields beside the body, and written in it.
function readBody(endpoint) {
  const body = part(endpoint, "body");
  if (!body) return;
  const value = bodyOf(endpoint);
  const mistake = body.value.trim() && value === null ? "This is not JSON yet." : "";
  part(endpoint, "mistake").textContent = mistake;
  body.setAttribute("aria-invalid", Boolean(mistake));
  const model = part(endpoint, "model");
  if (model && [...model.options].some((option) => option.value === value?.model)) {
    model.value = value.model;
  }
  const stream = part(endpoint, "stream");
  if (stream && value) stream.checked = value.stream === true;
}

function writeBody(endpoint, changes) {
  const value = bodyOf(endpoint);
  if (value === null) return;
  const merged = { ...value, ...changes };
  for (const name of Object.keys(changes)) if (changes[name] === undefined) delete merged[name];
  part(endpoint, "body").value = JSON.stringify(merged, null, 2);
}

// Ids of an earlier reply go where they are asked for: "completion_id" is of a "chat.completion",
// and "training_file" of a "file". In the manual's examples they are variables of the shell.
function idFor(name) {
  const stem = name.replace(/_id$/, "");
  const kinds = [...newest.keys()].filter((kind) => kind.endsWith(stem) || stem.endsWith(`_${kind}`));
  return newest.get(kinds.at(-1));
}

function fillIds(endpoint) {
  for (const input of endpoint.querySelectorAll('[data-place="path"]')) {
    if (!input.value) input.value = idFor(input.dataset.name) ?? "";
  }
  if (!part(endpoint, "body")) return;
  for (const [name, value] of Object.entries(bodyOf(endpoint) ?? {})) {
    if (/^\$\w+$/.test(value) && idFor(name)) writeBody(endpoint, { [name]: idFor(name) });
  }
}

function remember(reply) {
  if (typeof reply?.id !== "string" || typeof reply.object !== "string" || reply.deleted) return;
  const kind = reply.object.replace(/\W/g, "_");
  newest.delete(kind);
  newest.set(kind, reply.id);
}

function opened(endpoint) {
  fillIds(endpoint);
  readBody(endpoint);
  showSample(endpoint);
}

// --- the reply

// What a person has to do before anything can be sent, told at the field of the key.
function askForKey(words) {
  document.getElementById("key-missing").textContent = words;
  KEY.setAttribute("aria-invalid", String(Boolean(words)));
}

// An empty reply, with words where its status will be.
function begin(endpoint, words, field) {
  part(endpoint, "reply").hidden = false;
  part(endpoint, "headers").replaceChildren();
  part(endpoint, "text").hidden = true;
  part(endpoint, "text").textContent = "";
  part(endpoint, "content").textContent = "";
  part(endpoint, "content").parentElement.hidden = true;
  const status = part(endpoint, "status");
  delete status.dataset.ok;
  status.textContent = words;
  field?.focus();
}

function showHeaders(endpoint, response) {
  const rows = [...response.headers].filter(([name]) => TOLD.test(name));
  part(endpoint, "headers").replaceChildren(
    ...rows.map(([name, value]) => {
      const row = document.createElement("div");
      const [term, told] = [document.createElement("dt"), document.createElement("dd")];
      term.textContent = name;
      told.textContent = value;
      row.append(term, told);
      return row;
    }),
  );
}

function size(bytes) {
  return bytes < 1000 ? `${bytes} bytes` : `${(bytes / 1000).toFixed(1)} kB`;
}

// The words of an event of any of the streams.
function wordsOf(event) {
  if (event.type === "response.output_text.delta") return event.delta;
  const [choice] = event.choices ?? [];
  return choice?.delta?.content ?? choice?.text ?? "";
}

async function showStream(endpoint, response) {
  const [text, content] = [part(endpoint, "text"), part(endpoint, "content")];
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  let length = 0;
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return length;
    length += new Blob([value]).size;
    content.append(value);
    content.parentElement.hidden = false;
    const lines = (rest + value).split("\n");
    rest = lines.pop();
    for (const line of lines) {
      if (!line.startsWith("data: {")) continue;
      const event = JSON.parse(line.slice(6));
      remember(event.response ?? event);
      const words = wordsOf(event);
      if (words) text.hidden = false;
      text.append(words);
    }
  }
}

async function showWhole(endpoint, response) {
  const content = part(endpoint, "content");
  const kind = response.headers.get("content-type") ?? "";
  const bytes = await response.arrayBuffer();
  let text;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    text = `${size(bytes.byteLength)} of ${kind}`;
  }
  if (/^application\/json(;|$)/.test(kind)) {
    const reply = JSON.parse(text);
    remember(reply);
    text = JSON.stringify(reply, null, 2);
  }
  content.textContent = text;
  return bytes.byteLength;
}

async function send(endpoint) {
  const missing = [...endpoint.querySelectorAll('[data-place="path"]')].find((input) => !input.value.trim());
  if (!KEY.value.trim()) {
    askForKey("Enter a key first. Then send the request again.");
    return KEY.focus();
  }
  if (missing) return begin(endpoint, `Enter ${missing.dataset.name} first.`, missing);
  const { path, method, body, form } = requestOf(endpoint);
  const [status, content] = [part(endpoint, "status"), part(endpoint, "content")];
  begin(endpoint, "Sending…");
  const controller = new AbortController();
  running.set(endpoint, controller);
  part(endpoint, "stop").hidden = false;
  const headers = { Authorization: `Bearer ${KEY.value.trim()}` };
  let sent = null;
  if (form) {
    sent = new FormData();
    for (const [name, value] of form) sent.append(name, value);
  } else if (body !== null) {
    headers["Content-Type"] = "application/json";
    sent = body;
  }
  const began = performance.now();
  let told = "";
  try {
    const response = await fetch(BASE + path, {
      method,
      headers,
      body: sent,
      credentials: "omit",
      signal: controller.signal,
    });
    told = `${response.status} ${response.statusText}`;
    status.textContent = `${told} · receiving…`;
    status.dataset.ok = response.ok;
    showHeaders(endpoint, response);
    const streams = response.headers.get("content-type")?.startsWith("text/event-stream");
    const length = await (streams ? showStream : showWhole)(endpoint, response);
    status.textContent = `${told} · ${Math.round(performance.now() - began)} ms · ${size(length)}`;
  } catch (error) {
    if (running.get(endpoint) !== controller) return; // another one has taken its place
    const words = error.name === "AbortError" ? "stopped" : `failed: ${error.message}`;
    status.textContent = told ? `${told} · ${words}` : `The request ${words === "stopped" ? "was stopped" : words}.`;
  }
  running.delete(endpoint);
  part(endpoint, "stop").hidden = true;
  content.parentElement.hidden = !content.textContent;
  announce(status.textContent);
}

// --- events

KEY.addEventListener("input", () => askForKey(""));

for (const endpoint of document.querySelectorAll(".endpoint")) {
  endpoint.addEventListener("toggle", () => endpoint.open && opened(endpoint));
  endpoint.addEventListener("submit", (event) => {
    event.preventDefault();
    running.get(endpoint)?.abort();
    send(endpoint);
  });
  part(endpoint, "stop").addEventListener("click", () => running.get(endpoint)?.abort());
  endpoint.addEventListener("input", (event) => {
    const { target } = event;
    if ("model" in target.dataset) writeBody(endpoint, { model: target.value });
    if ("stream" in target.dataset) writeBody(endpoint, { stream: target.checked || undefined });
    if ("language" in target.dataset) {
      for (const other of document.querySelectorAll(`[data-language][value="${target.value}"]`)) {
        other.checked = true;
      }
      for (const each of document.querySelectorAll(".endpoint[open]")) showSample(each);
    }
    readBody(endpoint);
    showSample(endpoint);
  });
}

function openNamed() {
  const named = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (named?.matches(".endpoint")) named.open = true;
}
addEventListener("hashchange", openNamed);
openNamed();
