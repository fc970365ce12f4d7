// Pictures put to a message: picked, pasted or dropped, sent ahead of it, and shown in the composer.
import { announce } from "./announce.js";
import { element } from "./page.js";

const form = element("composer");
const list = element("attached");
const input = element("attach-file");
const main = element("main");
const button = form.querySelector("[data-attach]");

let sendAfterwards = false;

const keptUnder = () => `attached:${form.dataset.draft}`;

export const attached = () => [...list.children].map((chip) => chip.dataset.attached);

export const isAttaching = () => "attaching" in form.dataset;

export function sendWhenAttached() {
  sendAfterwards = true;
}

// The server has them with the message now.
export function takeOff(ids) {
  for (const id of ids) list.querySelector(`[data-attached="${id}"]`)?.remove();
}

function changed() {
  const ids = attached();
  try {
    if (ids.length) localStorage.setItem(keptUnder(), ids.join(" "));
    else localStorage.removeItem(keptUnder());
  } catch {
    // Storage full or blocked: they are kept as long as the page.
  }
  showSight();
}

function showSight() {
  const [picked] = element("model").selectedOptions;
  const sees = Boolean(picked && "sees" in picked.dataset);
  button.hidden = !sees;
  element("attached-note").hidden = sees || !list.childElementCount;
}

function take(files) {
  if (isAttaching()) return;
  const chosen = new DataTransfer();
  for (const file of files) chosen.items.add(file);
  input.files = chosen.files;
  input.dispatchEvent(new Event("change", { bubbles: true }));
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

button.addEventListener("click", () => input.click());
element("model").addEventListener("change", showSight);

input.addEventListener("htmx:beforeRequest", () => {
  form.dataset.attaching = "";
  list.setAttribute("aria-busy", "true");
});

input.addEventListener("htmx:afterRequest", (event) => {
  delete form.dataset.attaching;
  list.removeAttribute("aria-busy");
  input.value = "";
  const wanted = sendAfterwards && event.detail.successful;
  sendAfterwards = false;
  if (!event.detail.successful) return;
  element("prompt").focus();
  // Settled by then, a refusal too.
  setTimeout(() => {
    const count = list.childElementCount;
    if (count) announce(count === 1 ? "A picture is attached." : `${count} pictures are attached.`);
    if (wanted && !element("problem").childElementCount) form.requestSubmit();
  });
});

new MutationObserver(changed).observe(list, { childList: true });

element("prompt").addEventListener("paste", (event) => {
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
