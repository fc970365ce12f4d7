// Sends a file piece by piece, so that neither side holds more than a piece of it, and goes on where
// a connection broke off: the server says which byte it needs next, and in the end what has come of
// it in words (`done`), whether that is a `problem`, and perhaps a `location` to go to.
const section = document.querySelector("[data-upload]");
const zone = section.querySelector(".drop");
const picker = section.querySelector("input[type=file]");
const state = section.querySelector(".upload-state");
const bar = section.querySelector("progress");
const result = section.querySelector("[data-upload-result]");
const token = () => document.querySelector("[name=csrfmiddlewaretoken]").value;

const TRIES = 6;
let sending = null;

class Refused extends Error {}

function readable(bytes) {
  const units = ["bytes", "kB", "MB", "GB", "TB"];
  let power = 0;
  while (bytes >= 999.5 && power < 4) [bytes, power] = [bytes / 1000, power + 1];
  return `${Number(bytes.toPrecision(3))} ${units[power]}`;
}

function show(words, bad = false) {
  result.textContent = words;
  result.classList.toggle("bad", bad);
}

function showProgress(file, done) {
  bar.max = file.size;
  bar.value = done;
  section.querySelector("[data-upload-amount]").textContent = `${readable(done)} of ${readable(file.size)}`;
}

// Only a broken connection and a server that is not itself are tried again.
async function ask(url, options) {
  for (let tried = 1; ; tried += 1) {
    try {
      const response = await fetch(url, { ...options, headers: { "X-CSRFToken": token() } });
      if (response.ok || response.status === 409) return await response.json();
      if (response.status < 500 || response.status === 503) {
        const { error } = await response.json().catch(() => ({}));
        throw new Refused(error ?? `The site refused it (${response.status}).`);
      }
      throw new Error(`The site answered ${response.status}.`);
    } catch (error) {
      if (error instanceof Refused || error.name === "AbortError" || tried === TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, 500 * 2 ** tried));
    }
  }
}

async function send(file, signal) {
  const about = new URLSearchParams({ name: file.name, size: file.size, stamp: file.lastModified });
  for (const choice of section.querySelectorAll("select")) about.set(choice.name, choice.value);
  const { url, offset, piece } = await ask(section.dataset.upload, { method: "POST", body: about, signal });
  sending.url = url;
  let next = offset;
  let answer = {};
  // What had come whole before the site was killed is put in its place by an empty piece.
  while (!answer.done) {
    showProgress(file, next);
    const body = file.slice(next, next + piece);
    answer = await ask(`${url}?offset=${next}`, { method: "PUT", body, signal });
    next = answer.offset;
  }
  return answer;
}

async function upload(file) {
  if (sending) {
    show("One file at a time: wait until this one is here.", true);
    return;
  }
  sending = { abort: new AbortController(), url: "" };
  show("");
  section.querySelector("[data-upload-name]").textContent = file.name;
  showProgress(file, 0);
  state.hidden = false;
  try {
    const { done, problem, location: page } = await send(file, sending.abort.signal);
    show(done, Boolean(problem));
    if (page) location.assign(page);
    else window.htmx.trigger(document.body, section.dataset.uploadEvent);
  } catch (error) {
    if (error.name === "AbortError") {
      show("The upload is cancelled.");
      if (sending.url) fetch(sending.url, { method: "DELETE", headers: { "X-CSRFToken": token() } });
    } else if (error instanceof Refused) {
      show(error.message, true);
    } else {
      show(`The connection broke off. Choose ${file.name} again to go on from there.`, true);
    }
  }
  const focused = state.contains(document.activeElement);
  state.hidden = true;
  if (focused) picker.focus();
  sending = null;
}

picker.addEventListener("change", () => {
  const [file] = picker.files;
  if (file) upload(file);
  picker.value = "";
});
section.querySelector("[data-upload-cancel]").addEventListener("click", () => sending?.abort.abort());

// A file that is dropped beside the zone would otherwise take the place of the page.
document.addEventListener("dragover", (event) => {
  event.preventDefault();
  zone.classList.toggle("over", zone.contains(event.target));
});
document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) zone.classList.remove("over");
});
document.addEventListener("drop", (event) => {
  event.preventDefault();
  zone.classList.remove("over");
  const [file] = event.dataTransfer.files;
  if (file && zone.contains(event.target)) upload(file);
});
