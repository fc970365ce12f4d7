// The sidebar: a column that folds away on wide screens, a drawer on narrow ones.
import { element, showTitle } from "./page.js";

const root = document.documentElement;
const sidebar = element("sidebar");
const main = element("main");
const narrow = matchMedia("(max-width: 56rem)");
const openers = document.querySelectorAll('button[data-sidebar="open"]');

const isOpen = () => (narrow.matches ? "drawer" in root.dataset : root.dataset.sidebar !== "collapsed");

function reflect() {
  for (const button of document.querySelectorAll("button[data-sidebar]")) {
    button.setAttribute("aria-expanded", String(isOpen()));
  }
  main.inert = narrow.matches && isOpen();
}

function setOpen(open) {
  if (narrow.matches) {
    if (open) root.dataset.drawer = "";
    else delete root.dataset.drawer;
  } else {
    if (open) delete root.dataset.sidebar;
    else root.dataset.sidebar = "collapsed";
    try {
      localStorage.setItem("sidebar", open ? "open" : "collapsed");
    } catch {
      // Not remembered where storage is blocked.
    }
  }
  reflect();
}

document.addEventListener("click", (event) => {
  const control = event.target.closest("[data-sidebar]");
  if (!control || control === root) return;
  const open = control.dataset.sidebar === "open";
  setOpen(open);
  if (open) sidebar.querySelector("button[data-sidebar]").focus();
  else openers[0].focus();
});

document.addEventListener(
  "keydown",
  (event) => {
    if (event.key === "Escape" && narrow.matches && isOpen()) {
      if (document.querySelector("[popover]:popover-open, dialog[open], form.rename")) return;
      event.preventDefault();
      setOpen(false);
      openers[0].focus();
    } else if (event.code === "KeyO" && event.shiftKey && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      sidebar.querySelector("[data-new-chat]").click();
    } else if (event.code === "KeyK" && !event.shiftKey && !event.altKey && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      sidebar.querySelector("[data-search]").click();
    }
  },
  { capture: true },
);
narrow.addEventListener("change", () => {
  delete root.dataset.drawer;
  reflect();
});
reflect();

// --- rows: renaming in place, deleting in a dialog

function endRename(form) {
  const row = form.closest("li");
  form.remove();
  row.querySelector(".row-more")?.focus();
}

sidebar.addEventListener("click", (event) => {
  event.target.closest(".menu")?.hidePopover();
  if (event.target.closest("[data-dismiss]")) endRename(event.target.closest("form"));
});
sidebar.addEventListener("keydown", (event) => {
  const form = event.target.closest("form.rename");
  if (form && event.key === "Escape") {
    event.preventDefault();
    event.stopPropagation();
    endRename(form);
  }
});

// Most new titles have nothing of the old one.
sidebar.addEventListener("focusin", (event) => {
  if (event.target.matches("form.rename input")) event.target.select();
});

// Saving swaps the row, and what had the focus goes with it: the new one has a button in its place,
// or the field again where the title cannot be taken.
document.addEventListener("htmx:afterSettle", (event) => {
  const form = event.detail.requestConfig?.elt;
  if (!form?.matches("form.rename") || document.activeElement !== document.body) return;
  element(form.getAttribute("hx-target").slice(1))?.querySelector(".rename input, .row-more")?.focus();
});

const dialog = element("dialog");
document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target === dialog) dialog.showModal();
});
dialog.addEventListener("click", (event) => {
  if (event.target === dialog || event.target.closest("[data-close-dialog]")) dialog.close();
});
dialog.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.successful) dialog.close();
});

// --- fragments that arrive from the server

// A title that is being typed, or an open menu, is worth more than a fresh row or list. An empty row
// takes it away all the same: its conversation is deleted.
const BUSY = "form.rename, :popover-open";

document.addEventListener("htmx:oobBeforeSwap", (event) => {
  const { target, fragment } = event.detail;
  if (!sidebar.contains(target)) return;
  if (target.id !== "conversations-today") {
    if (fragment.childElementCount && target.querySelector(BUSY)) event.detail.shouldSwap = false;
    return;
  }
  // A row that comes to the top leaves its old place.
  for (const row of fragment.querySelectorAll("li")) {
    const old = element(row.id);
    if (old?.querySelector(BUSY)) row.remove();
    else old?.remove();
  }
});

function markCurrent() {
  for (const link of sidebar.querySelectorAll(".row-link")) {
    if (link.pathname === location.pathname) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

// A page of older conversations may begin in the middle of a group that is already there.
function mergeGroups() {
  const seen = new Map();
  for (const group of sidebar.querySelectorAll("[data-group]")) {
    const first = seen.get(group.dataset.group);
    if (first) {
      first.querySelector("ul").append(...group.querySelectorAll("li"));
      group.remove();
    } else {
      seen.set(group.dataset.group, group);
    }
  }
}

document.addEventListener("htmx:afterSettle", () => {
  markCurrent();
  mergeGroups();
  showTitle(sidebar.querySelector("[aria-current]")?.textContent);
});
document.addEventListener("htmx:wsAfterMessage", markCurrent);
markCurrent();

// Where the way back from other pages leads, see site.js.
addEventListener("pagehide", () => {
  try {
    sessionStorage.setItem("conversation", location.pathname);
  } catch {
    // Storage is blocked.
  }
});
