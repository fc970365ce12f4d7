// Messages: editing one's own, and keeping the focus when the versions of a message are turned.
import { element, isRunning, touch } from "./page.js";

function openEditor(article) {
  if (isRunning()) return false;
  const open = article.querySelector("form.edit");
  if (open) {
    open.elements.text.focus();
    return true;
  }
  const form = element("edit-form").content.cloneNode(true).firstElementChild;
  form.elements.message.value = article.id.slice(2);
  form.elements.text.value = article.querySelector("[data-source]").textContent;
  article.querySelector("[data-source]").after(form);
  article.dataset.editing = "";
  htmx.process(form);
  const field = form.elements.text;
  field.focus();
  field.setSelectionRange(field.value.length, field.value.length);
  return true;
}

function closeEditor(article) {
  article.querySelector("form.edit")?.remove();
  delete article.dataset.editing;
  article.querySelector("[data-edit]")?.focus();
}

export function editLast() {
  const mine = document.querySelectorAll("#thread-messages > .message.user");
  return mine.length > 0 && openEditor(mine[mine.length - 1]);
}

document.addEventListener("click", (event) => {
  const article = event.target.closest("article");
  if (event.target.closest("[data-edit]")) openEditor(article);
  else if (event.target.closest("[data-cancel-edit]")) closeEditor(article);
});

document.addEventListener("keydown", (event) => {
  const form = event.target.closest?.("form.edit");
  if (!form || event.isComposing || event.keyCode === 229) return;
  if (event.key === "Escape") {
    event.preventDefault();
    closeEditor(form.closest("article"));
  } else if (event.key === "Enter" && !event.shiftKey && !touch.matches && event.target.matches("textarea")) {
    event.preventDefault();
    form.requestSubmit();
  }
});

document.addEventListener("htmx:wsConfigSend", (event) => {
  const { action, text } = event.detail.parameters;
  const empty = action === "edit" && !text.trim();
  if (empty || (action !== "stop" && isRunning())) event.preventDefault();
});

// The pressed ‹ or › goes away with the thread: the focus moves to the same button of the version
// that is shown now.
document.addEventListener("htmx:afterSettle", (event) => {
  const pressed = event.detail.requestConfig?.elt;
  if (!pressed?.dataset.sibling) return;
  const shown = event.detail.pathInfo.requestPath.split("/").at(-2);
  const buttons = [...document.querySelectorAll(`[id="m-${shown}"] [data-sibling]:not(:disabled)`)];
  const same = buttons.find((button) => button.dataset.sibling === pressed.dataset.sibling);
  (same ?? buttons[0])?.focus({ preventScroll: true });
});
