// Which pictures are selected, and what is done with them: by the bar, by keys, by dragging.
const form = document.getElementById("chosen");
const count = form.querySelector("[data-chosen-count]");
const MOST = 500;
const KIND = "application/x-pictures";
let last = null;

export const shownTiles = () => [...document.querySelectorAll("#grid .tile:not([hidden])")];
export const chosen = () => shownTiles().filter((tile) => box(tile).checked);
export const clearChosen = () => form.reset();

// The bars go away with the button that was pressed: the focus goes to a picture, or to the composer.
function focusInSight() {
  const tiles = shownTiles();
  const seen = tiles.find((tile) => tile.getBoundingClientRect().top >= 0) ?? tiles.at(-1);
  (seen?.querySelector(".frame") ?? document.getElementById("id_prompt"))?.focus({ preventScroll: true });
}

const box = (tile) => tile.querySelector(".pick");
const token = () => form.querySelector("[name=csrfmiddlewaretoken]").value;

function update() {
  const amount = chosen().length;
  form.classList.toggle("open", amount > 0);
  const most = amount > MOST ? `: at most ${MOST} at once` : "";
  count.textContent = amount ? `${amount} selected${most}` : "";
  for (const button of form.querySelectorAll("button[type=submit]")) button.disabled = amount > MOST;
  form.querySelector("[data-compare]").disabled = amount !== 2;
  for (const day of document.querySelectorAll("#grid .day")) {
    const tiles = [...day.querySelectorAll(".tile:not([hidden])")];
    day.hidden = tiles.length === 0;
    const all = tiles.every((tile) => box(tile).checked);
    day.querySelector("[data-choose-day]").textContent = all ? "Select none" : "Select all";
  }
}

// Select a picture or let go of it; `upTo` does to all since the last one what was done to that.
export function choose(tile, { upTo = false, done = false } = {}) {
  if (!done) box(tile).checked = upTo && last ? box(last).checked : !box(tile).checked;
  const tiles = shownTiles();
  if (upTo && last) {
    const ends = [tiles.indexOf(last), tiles.indexOf(tile)].sort((a, b) => a - b);
    for (const each of tiles.slice(Math.max(0, ends[0]), ends[1] + 1)) box(each).checked = box(tile).checked;
  }
  last = tile;
  update();
}

document.addEventListener("click", (event) => {
  const pick = event.target.closest(".pick");
  if (pick) choose(pick.closest(".tile"), { upTo: event.shiftKey, done: true });
  const day = event.target.closest("[data-choose-day]")?.closest(".day");
  if (day) {
    const tiles = [...day.querySelectorAll(".tile:not([hidden])")];
    const all = tiles.every((tile) => box(tile).checked);
    for (const tile of tiles) box(tile).checked = !all;
    update();
  }
  if (event.target.closest("[data-dismiss-done]")) {
    document.getElementById("done").replaceChildren();
    focusInSight();
  }
});
form.addEventListener("reset", () => setTimeout(update));

// --- doing

// What the server answers is a line of what was done; its events tell which pictures to show.
export function act(what, tiles, values = {}) {
  const picture = tiles.map((tile) => box(tile).value);
  const at = form.elements.at.value;
  return window.htmx.ajax("POST", form.getAttribute("action").replace(/\w+\/$/, `${what}/`), {
    values: { picture, at, ...values },
    target: "#done",
    swap: "innerHTML",
  });
}

form.addEventListener("submit", (event) => {
  const what = event.submitter?.getAttribute("formaction") ?? form.getAttribute("action");
  const name = what.match(/several\/(delete|move)\//)?.[1];
  if (!name) return;
  event.preventDefault();
  act(name, chosen(), name === "move" ? { board: form.elements.board.value } : {}).then(() => {
    const undo = document.getElementById("undo");
    if (undo) undo.focus();
    else focusInSight();
  });
});

function show(ids, shown) {
  for (const id of ids) {
    const tile = document.querySelector(`#grid .pick[value="${CSS.escape(id)}"]`)?.closest(".tile");
    if (!tile) continue;
    tile.hidden = !shown;
    box(tile).checked = false;
  }
  update();
}

document.addEventListener("pictures-gone", (event) => show(event.detail.ids, false));
document.addEventListener("pictures-back", (event) => {
  show(event.detail.ids, true);
  focusInSight();
});
document.addEventListener("pictures-moved", (event) => {
  const at = form.elements.at.value;
  show(event.detail.ids, !at || at === event.detail.board);
});

// --- stars

document.addEventListener("click", async (event) => {
  const star = event.target.closest(".star");
  if (!star) return;
  const starred = star.getAttribute("aria-pressed") !== "true";
  star.setAttribute("aria-pressed", String(starred));
  const headers = { "X-CSRFToken": token(), "HX-Request": "true" };
  const place = `${star.closest(".tile").querySelector("a").href}star/`;
  const answer = await fetch(place, { method: "POST", headers }).catch(() => null);
  if (!answer?.ok) star.setAttribute("aria-pressed", String(!starred));
});

// --- dragging onto a board

let dragged = [];

document.addEventListener("dragstart", (event) => {
  const tile = event.target.closest?.(".tile");
  if (!tile) return;
  dragged = box(tile).checked ? chosen() : [tile];
  event.dataTransfer.setData(KIND, String(dragged.length));
  event.dataTransfer.effectAllowed = "copyMove";
  document.body.classList.add("dragging");
});
document.addEventListener("dragend", () => document.body.classList.remove("dragging"));

const target = (event) =>
  event.dataTransfer.types.includes(KIND) ? event.target.closest?.("[data-board]") : null;

document.addEventListener("dragover", (event) => {
  const board = target(event);
  if (board) event.preventDefault();
  for (const chip of document.querySelectorAll("[data-board].over")) chip.classList.toggle("over", chip === board);
  board?.classList.add("over");
});
document.addEventListener("drop", (event) => {
  const board = target(event);
  if (!board) return;
  event.preventDefault();
  board.classList.remove("over");
  act("move", dragged, { board: board.dataset.board });
});

update();
