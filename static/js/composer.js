// The composer: keys, drafts, the model that was picked for one, and one ask at a time, held until the server says it is saved.
import { askForWords, attached, isAttaching, sendWhenAttached, takeOff } from "./attachments.js";
import { element, isRunning, touch } from "./page.js";
import { editLast } from "./thread.js";

const form = element("composer");
const prompt = element("prompt");
const model = element("model");
const growsByItself = CSS.supports("field-sizing", "content");

let draftKey = `draft:${form.dataset.draft}`;
let asked = null; // { nonce, text, pictures } of the ask that the server has not acknowledged yet

function grow() {
  if (growsByItself) return;
  prompt.style.height = "auto";
  prompt.style.height = `${prompt.scrollHeight}px`;
}

function keepDraft() {
  try {
    if (prompt.value) localStorage.setItem(draftKey, prompt.value);
    else localStorage.removeItem(draftKey);
  } catch {
    // Storage full or blocked: the draft lives as long as the page.
  }
}

function write(text) {
  prompt.value = text;
  grow();
  keepDraft();
}

function restoreDraft() {
  try {
    if (!prompt.value) prompt.value = localStorage.getItem(draftKey) ?? "";
  } catch {
    return;
  }
  grow();
}

const pickKey = () => `model:${form.dataset.draft}`;

function keepPick() {
  try {
    localStorage.setItem(pickKey(), model.value);
  } catch {
    // As for the draft.
  }
}

function forgetPick() {
  try {
    localStorage.removeItem(pickKey());
  } catch {
    // Nothing has been kept.
  }
}

const offered = (id) => [...model.options].some((each) => each.value === id && !each.disabled);

function restorePick() {
  let kept = null;
  try {
    kept = localStorage.getItem(pickKey());
  } catch {
    return;
  }
  if (kept === model.value || !offered(kept)) return;
  model.value = kept;
  model.dispatchEvent(new Event("change"));
}

prompt.addEventListener("input", () => {
  grow();
  keepDraft();
});

prompt.addEventListener("keydown", (event) => {
  if (event.isComposing || event.keyCode === 229) return;
  if (event.key === "Enter" && !event.shiftKey && !touch.matches) {
    event.preventDefault();
    if (!isRunning()) form.requestSubmit();
  } else if (event.key === "ArrowUp" && !prompt.value && editLast()) {
    event.preventDefault();
  }
});

form.addEventListener("htmx:wsConfigSend", (event) => {
  if (!prompt.value.trim() || isRunning()) {
    event.preventDefault();
    prompt.focus();
    if (!prompt.value.trim()) askForWords();
    return;
  }
  if (isAttaching()) {
    event.preventDefault();
    sendWhenAttached();
    return;
  }
  asked = { nonce: element("nonce").value, text: prompt.value, pictures: attached() };
  element("problem").replaceChildren();
  form.dataset.sending = "";
});

document.addEventListener("htmx:wsAfterMessage", () => {
  const acknowledged = element("nonce").dataset.acknowledged;
  if (asked && acknowledged === asked.nonce) {
    const { text, pictures } = asked;
    asked = null;
    takeOff(pictures);
    forgetPick(); // the conversation has it from now on
    write(prompt.value.startsWith(text) ? prompt.value.slice(text.length) : prompt.value);
    if (form.dataset.draft === "new") {
      // The address bar follows a moment later; the socket knows the conversation already.
      form.dataset.draft = element("main").getAttribute("ws-connect").split("/")[3];
      draftKey = `draft:${form.dataset.draft}`;
      keepDraft();
    }
  }
  if (!asked || element("problem").childElementCount) {
    asked = null;
    delete form.dataset.sending;
  }
});

// The answer to an ask can be lost with the connection. The nonce makes it safe to ask again.
document.addEventListener("htmx:wsOpen", (event) => {
  if (asked && event.detail.socketWrapper.queue.length === 0) {
    setTimeout(() => asked && !isRunning() && form.requestSubmit(), 1000);
  }
});

document.addEventListener("click", (event) => {
  const mode = event.target.closest("[data-picture-mode]");
  if (mode) {
    const drawing = mode.getAttribute("aria-pressed") !== "true";
    mode.setAttribute("aria-pressed", String(drawing));
    form.elements.mode.value = drawing ? "picture" : "";
    prompt.placeholder = drawing ? "Describe a picture" : "Ask anything";
    prompt.focus();
  }
  const chip = event.target.closest("[data-suggest]");
  if (chip) {
    write(chip.textContent.trim());
    form.requestSubmit();
    prompt.focus();
  }
  if (event.target.closest("[data-dismiss-problem]")) {
    element("problem").replaceChildren();
    prompt.focus();
  }
});

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing) return;
  const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
  const overlay = document.querySelector("dialog[open], [popover]:popover-open");
  if (event.key === "/" && !typing && !overlay && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    prompt.focus();
  } else if (event.key === "Escape" && !overlay && (!typing || typing === prompt)) {
    document.querySelector("#run-state .stop")?.click();
  }
});

model.addEventListener("change", () => {
  keepPick();
  const note = document.querySelector("[data-built-in-note]");
  const [picked] = model.selectedOptions;
  if (note) note.hidden = !("builtIn" in picked.dataset);
});

document.querySelector("[data-sign-in]")?.addEventListener("click", (event) => {
  event.target.search = new URLSearchParams({ next: location.pathname });
});

restoreDraft();
restorePick();
