// What somebody did and no answer came to, or a refusal, is said on every page: htmx is silent.
const SHOWN_MS = 8000;
const NOTHING_CAME = ["htmx:sendError", "htmx:timeout"];
const WORDS = {
  403: "This page is out of date.",
  404: "That is not there any more.",
  413: "That is too large.",
  429: "That was too much at once. Wait a moment, then try again.",
};

let timer = 0;

// Beside what polls and loads by itself, which tries again by itself.
function byHand(event) {
  const { elt, requestConfig } = event.detail;
  return requestConfig?.triggeringEvent?.isTrusted || elt?.id === "attach-file";
}

function place() {
  const found = document.getElementById("failure");
  if (found) return found;
  const made = document.createElement("div");
  made.id = "failure";
  made.className = "note error failed-request";
  made.setAttribute("role", "alert");
  // What is behind an open dialog is not seen.
  (document.querySelector("dialog[open]") ?? document.body).append(made);
  return made;
}

function say(words, { reload = false } = {}) {
  const line = place();
  line.textContent = words;
  if (reload) {
    const link = document.createElement("a");
    link.href = location.href;
    link.textContent = "Load it again";
    line.append(" ", link);
  }
  clearTimeout(timer);
  timer = setTimeout(() => line.remove(), reload ? 3 * SHOWN_MS : SHOWN_MS);
}

for (const name of NOTHING_CAME) {
  document.addEventListener(name, (event) => {
    if (!byHand(event)) return;
    say(navigator.onLine ? "The site does not answer. Nothing was changed; try again." : "You are offline. Nothing was changed; try again once you are connected.");
  });
}

document.addEventListener("htmx:responseError", (event) => {
  if (!byHand(event)) return;
  const { status } = event.detail.xhr;
  say(WORDS[status] ?? "That did not work. Try again.", { reload: status === 403 || status === 404 });
});
