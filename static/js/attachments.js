// Pictures put to a message: picked, pasted or dropped, sent ahead of it, and shown in the composer.
import { announce } from "./announce.js";
import { element } from "./page.js";

const form = element("composer");
const prompt = element("prompt");
const list = element("attached");
const note = element("attached-note");
const picker = element("attach-file");
const main = element("main");
const button = form.querySelector("[data-attach]");
const most = Number(list.dataset.most);

let waiting = []; // files that came while others are on their way
let sendAfterwards = false;
let full = false; // more came than a message takes

const keptUnder = () => `attached:${form.dataset.draft}`;

export const attached = () => [...list.querySelectorAll("input:enabled")].map((input) => input.value);

export const isAttaching = () => "attaching" in form.dataset;

export function sendWhenAttached() {
  sendAfterwards = true;
}

export function askForWords() {
  if (!list.childElementCount) return;
  prompt.placeholder = "Write what you want to know of it";
  announce("Write what you want to know of it, then send.");
}

// The server has them with the message now.
export function takeOff(ids) {
  for (const id of ids) list.querySelector(`[data-attached="${id}"]`)?.remove();
  changed();
}

function changed() {
  const ids = attached();
  full &&= ids.length >= most;
  try {
    if (ids.length) localStorage.setItem(keptUnder(), ids.join(" "));
    else localStorage.removeItem(keptUnder());
  } catch {
    // Storage full or blocked: they are kept as long as the page.
  }
  if (!ids.length) prompt.placeholder = "Ask anything";
  showSight();
}

function showSight() {
  const [picked] = element("model").selectedOptions;
  const sees = Boolean(picked && "sees" in picked.dataset);
  button.hidden = !sees;
  const blind = sees || !attached().length ? "" : note.dataset.blind;
  const words = blind || (full ? note.dataset.full : "");
  if (note.textContent !== words) note.textContent = words;
}

function take(files) {
  waiting.push(...files);
  bring();
}

function bring() {
  if (isAttaching() || !waiting.length) return;
  const room = most - attached().length;
  const chosen = new DataTransfer();
  for (const file of waiting.slice(0, Math.max(room, 0))) chosen.items.add(file);
  full = waiting.length > chosen.items.length;
  waiting = [];
  element("problem").replaceChildren();
  if (!chosen.items.length) {
    showSight();
    return;
  }
  picker.files = chosen.files;
  htmx.trigger(picker, "attach");
}

function restore() {
  let ids = [];
  try {
    ids = (localStorage.getItem(keptUnder()) ?? "").split(" ").filter(Boolean);
  } catch {
    return;
  }
  if (!ids.length) return;
  const wanted = new URLSearchParams(ids.map((id) => ["id", id]));
  htmx.ajax("GET", `${list.dataset.url}?${wanted}`, { target: list, swap: "beforeend" });
}

const howMany = (count) => (count === 1 ? "A picture is attached." : `${count} pictures are attached.`);

button.addEventListener("click", () => picker.click());
element("model").addEventListener("change", showSight);
picker.addEventListener("change", () => take(picker.files));

picker.addEventListener("htmx:beforeRequest", () => {
  form.dataset.attaching = "";
  list.setAttribute("aria-busy", "true");
});

picker.addEventListener("htmx:afterRequest", (event) => {
  delete form.dataset.attaching;
  list.removeAttribute("aria-busy");
  picker.value = "";
  prompt.focus();
  // Settled by then, a refusal too.
  setTimeout(() => {
    const count = attached().length;
    if (event.detail.successful && count) announce(howMany(count));
    if (waiting.length) {
      bring();
      return;
    }
    const wanted = sendAfterwards && event.detail.successful;
    sendAfterwards = false;
    if (wanted && !element("problem").childElementCount) form.requestSubmit();
  });
});

// What is taken off is not sent any more, however long the server takes.
list.addEventListener("htmx:beforeRequest", (event) => {
  const chip = event.target.closest("li");
  if (!chip || event.target === list) return;
  const next = chip.nextElementSibling ?? chip.previousElementSibling;
  chip.querySelector("input").disabled = true;
  chip.hidden = true;
  (next?.querySelector("button") ?? prompt).focus();
  changed();
  announce(attached().length ? howMany(attached().length) : "No picture is attached.");
});

list.addEventListener("htmx:afterRequest", (event) => {
  const chip = event.target.closest?.("li");
  if (!chip || event.detail.successful) return;
  chip.querySelector("input").disabled = false;
  chip.hidden = false;
  changed();
});

new MutationObserver(changed).observe(list, { childList: true });

prompt.addEventListener("paste", (event) => {
  const { files, types } = event.clipboardData;
  const pictures = [...files].filter((file) => file.type.startsWith("image/"));
  // Of what is copied in a text program the words are meant.
  if (!pictures.length || types.includes("text/plain")) return;
  event.preventDefault();
  take(pictures);
});

const carriesFiles = (event) => event.dataTransfer?.types.includes("Files");

main.addEventListener("dragover", (event) => {
  if (!carriesFiles(event)) return;
  event.preventDefault();
  main.dataset.dropping = "";
});

main.addEventListener("dragleave", (event) => {
  if (!main.contains(event.relatedTarget)) delete main.dataset.dropping;
});

main.addEventListener("drop", (event) => {
  if (!carriesFiles(event)) return;
  event.preventDefault();
  delete main.dataset.dropping;
  take(event.dataTransfer.files);
});

restore();
showSight();
