// Copying: answers (data-copy-source), code blocks (.code-copy), snippets (data-copy-from),
// ready text (data-copy). Each button says so itself for a moment, and the live region aloud.
import { announce } from "./announce.js";

const SHOWN_MS = 1600;

function textFor(button) {
  if (button.matches(".code-copy")) {
    const code = button.closest("figure")?.querySelector("pre");
    return code ? code.textContent.replace(/\n$/, "") : null;
  }
  if (button.dataset.copyFrom) {
    return document.getElementById(button.dataset.copyFrom)?.textContent ?? null;
  }
  if ("copySource" in button.dataset) {
    const source = button.closest("article")?.querySelector("[data-source]");
    if (!source) return null;
    return source instanceof HTMLTemplateElement ? source.content.textContent : source.textContent;
  }
  return button.dataset.copy;
}

// Without https the clipboard API is missing; the old command still works from a selected field.
function copyBySelection(text) {
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "visually-hidden";
  const focused = document.activeElement;
  document.body.append(field);
  field.select();
  const copied = document.execCommand("copy");
  field.remove();
  focused?.focus?.({ preventScroll: true });
  return copied;
}

async function write(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text);
  }
}

function confirmOn(button, copied) {
  const words = copied ? "Copied" : "Not copied";
  const icon = button.querySelector("use");
  button.usual ??= [...button.childNodes];
  if (icon) {
    button.dataset.copied = words;
    icon.setAttribute("href", copied ? "#i-check" : "#i-alert");
  } else {
    button.textContent = words;
  }
  announce(words);
  clearTimeout(button.copiedTimer);
  button.copiedTimer = setTimeout(() => {
    delete button.dataset.copied;
    if (icon) icon.setAttribute("href", "#i-copy");
    else button.replaceChildren(...button.usual);
  }, SHOWN_MS);
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest(
    ".code-copy, [data-copy], [data-copy-from], [data-copy-source]",
  );
  if (!button) return;
  const text = textFor(button);
  if (text != null) confirmOn(button, await write(text));
});
