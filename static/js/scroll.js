// The stream is followed only while the reader is at the end of it.
import { element } from "./page.js";

const NEAR_PX = 48;
const scroller = element("scroller");
const jump = document.querySelector("[data-jump]");
// A link to a message leads to it, wherever it is.
const target = element(location.hash.slice(1))?.closest(".message");
let following = !target;
target?.scrollIntoView();
let lastTop = 0;

const distance = () => scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight;

function settle() {
  // The welcome of an empty chat is read from its beginning.
  if (following && scroller.querySelector("article")) scroller.scrollTop = scroller.scrollHeight;
  jump.hidden = following || distance() < NEAR_PX;
}

export function toLatest() {
  following = true;
  settle();
}

scroller.addEventListener(
  "scroll",
  () => {
    // Only moving up leaves the end: text that has just grown below is no wish to stay behind.
    if (distance() < NEAR_PX) following = true;
    else if (scroller.scrollTop < lastTop) following = false;
    lastTop = scroller.scrollTop;
    jump.hidden = following || distance() < NEAR_PX;
  },
  { passive: true },
);
jump.addEventListener("click", () => {
  toLatest();
  element("prompt").focus({ preventScroll: true });
});

// Runs after layout and before paint: the reader never sees the text at a wrong place. #thread is
// itself replaced now and then, so the observer is moved along.
const observer = new ResizeObserver(settle);
let observed = null;
function observe() {
  const thread = element("thread");
  if (thread === observed) return;
  observer.disconnect();
  observer.observe(scroller);
  observer.observe(thread);
  observed = thread;
}
observe();

let beforeThread = null;
document.addEventListener("htmx:beforeSwap", (event) => {
  const { target } = event.detail;
  if (target.id === "earlier") beforeThread = scroller.scrollHeight - scroller.scrollTop;
  if (target.id === "thread") following = false;
});
document.addEventListener("htmx:afterSwap", () => {
  if (beforeThread !== null) {
    scroller.scrollTop = scroller.scrollHeight - beforeThread;
    beforeThread = null;
  }
  observe();
});
document.addEventListener("htmx:wsAfterMessage", observe);

// Whoever asks for an answer wants to see it.
document.addEventListener("htmx:wsBeforeSend", (event) => {
  if (JSON.parse(event.detail.message).action !== "stop") toLatest();
});
