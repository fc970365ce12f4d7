// The websocket: reconnecting with the version of what is on the page, and saying so when it fails.
import { announce } from "./announce.js";
import { element, pageState, showTitle, tab } from "./page.js";

const STRIP_AFTER_MS = 1000;
const LONGEST_WAIT_MS = 4000;
// The extension itself reconnects after these; the other codes below are ours to act on.
const EXTENSION_RECONNECTS = [1006, 1011, 1012, 1013];
const FINAL = ["4401", "4403", "4404"];

let stripTimer = 0;
let leaving = false;

htmx.config.wsReconnectDelay = (attempt) =>
  Math.min(LONGEST_WAIT_MS, 400 * 2 ** attempt) * (0.6 + 0.4 * Math.random());

htmx.createWebSocket = (url) =>
  new WebSocket(`${url}?version=${pageState().version}&tab=${tab}`);

document.addEventListener("htmx:configRequest", (event) => {
  event.detail.headers["X-Tab"] = tab;
});

function show(state) {
  const strip = element("connection");
  const words = strip.querySelector(`[data-when="${state}"]`);
  for (const line of strip.children) line.hidden = line !== words;
  strip.hidden = !words;
  if (words) announce(words.textContent);
}

document.addEventListener("htmx:wsOpen", () => {
  clearTimeout(stripTimer);
  stripTimer = 0;
  if (!element("connection").hidden) {
    show(null);
    announce("Connected again");
  }
});

document.addEventListener("htmx:wsClose", (event) => {
  const { code } = event.detail.event;
  if (leaving) return;
  if (FINAL.includes(String(code))) {
    clearTimeout(stripTimer);
    show(String(code));
    return;
  }
  stripTimer ||= setTimeout(() => show("reconnecting"), STRIP_AFTER_MS);
  if (!EXTENSION_RECONNECTS.includes(code)) {
    setTimeout(event.detail.socketWrapper.reconnect, LONGEST_WAIT_MS / 4);
  }
});

window.addEventListener("pagehide", () => {
  leaving = true;
});
window.addEventListener("pageshow", () => {
  leaving = false;
});

document.addEventListener("htmx:wsAfterMessage", () => {
  const { url, title } = pageState();
  if (url && url !== location.pathname) history.replaceState(history.state, "", url);
  showTitle(title);
});
