// Fragments replace what has the focus. It goes to the same place in what came instead, or to the
// composer; on touch screens not there, since that would open the keyboard.
import { element, touch } from "./page.js";

const FOCUSABLE = "a[href], button:not(:disabled), textarea, input:not([type=hidden])";
let held = null;

document.addEventListener("htmx:wsBeforeMessage", () => {
  const focused = document.activeElement;
  const home = focused?.closest("[id]:not(button, textarea, input)");
  const place = home ? [...home.querySelectorAll(FOCUSABLE)].indexOf(focused) : -1;
  held = place < 0 ? null : { focused, id: home.id, place };
});

document.addEventListener("htmx:wsAfterMessage", () => {
  if (!held || held.focused.isConnected || document.activeElement !== document.body) return;
  const home = held.id === "run-state" ? null : element(held.id);
  const same = home?.querySelectorAll(FOCUSABLE)[held.place];
  if (same) same.focus({ preventScroll: true });
  else if (!touch.matches) element("prompt").focus({ preventScroll: true });
});

// So does the question which of two answers is better, once it is decided.
document.addEventListener("htmx:afterSettle", (event) => {
  const decided = event.detail.requestConfig?.elt.dataset.choice !== undefined;
  if (decided && !touch.matches) element("prompt").focus({ preventScroll: true });
});
