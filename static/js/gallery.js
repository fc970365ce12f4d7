// The gallery: Enter draws, pictures that are done come to the top, and the keyboard walks about.
import "./site.js";
import "./uploading.js";
import { act, choose, chosen, clearChosen, shownTiles } from "./chosen.js";

const grid = () => document.getElementById("grid");

document.addEventListener("keydown", (event) => {
  if (event.target.id === "id_prompt" && event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    if (event.target.value.trim()) event.target.form.requestSubmit();
  }
});

// --- what comes in

// The page says which picture is its newest, and gets what came after it.
document.addEventListener("htmx:configRequest", (event) => {
  if (event.detail.elt.id !== "grid") return;
  event.detail.parameters.newest = grid().querySelector(".tile:not([hidden]) .pick")?.value ?? "";
});

// A day that comes in two parts becomes one again: the fewer pictures go to the others.
function mergeDays() {
  const seen = new Map();
  for (const section of grid().querySelectorAll(".day")) {
    const first = seen.get(section.dataset.day);
    if (!first) {
      seen.set(section.dataset.day, section);
      continue;
    }
    const [above, below] = [first.querySelector("ul"), section.querySelector("ul")];
    if (above.childElementCount < below.childElementCount) {
      below.prepend(...above.children);
      first.replaceWith(section);
      seen.set(section.dataset.day, section);
    } else {
      above.append(...below.children);
      section.remove();
    }
  }
}

document.addEventListener("htmx:afterSwap", (event) => {
  // An order that was taken leaves the line empty for the next one.
  if (event.detail.target.id === "studio") document.getElementById("id_prompt")?.focus();
  mergeDays();
});

// --- the keyboard

// The nearest picture in the next row or the one before, whichever day that is.
function vertical(tiles, from, down) {
  const here = from.getBoundingClientRect();
  const row = (tile) => Math.round(tile.getBoundingClientRect().top);
  const start = tiles.indexOf(from);
  let best = null;
  for (let i = start + (down ? 1 : -1); tiles[i]; i += down ? 1 : -1) {
    const top = row(tiles[i]);
    if (top === Math.round(here.top)) continue;
    if (best && top !== best.top) break;
    const far = Math.abs(tiles[i].getBoundingClientRect().left - here.left);
    if (!best || far < best.far) best = { tile: tiles[i], top, far };
  }
  return best?.tile;
}

function neighbour(tile, key) {
  const tiles = shownTiles();
  const place = tiles.indexOf(tile);
  if (key === "ArrowLeft") return tiles[place - 1];
  if (key === "ArrowRight") return tiles[place + 1];
  if (key === "Home") return tiles[0];
  if (key === "End") return tiles.at(-1);
  return vertical(tiles, tile, key === "ArrowDown");
}

const focusOn = (tile) => tile?.querySelector(".frame").focus();

document.addEventListener("keydown", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey || event.defaultPrevented) return;
  const typing = event.target.matches("input:not(.pick), textarea, select");
  if (event.key === "?" && !typing) {
    event.preventDefault();
    document.querySelector("[popovertarget=keys]").click();
  } else if (event.key === "Escape" && chosen().length && !document.querySelector(":popover-open")) {
    clearChosen();
  }
  const tile = event.target.closest?.(".tile");
  if (!tile) return;
  if (/^(Arrow(Left|Right|Up|Down)|Home|End)$/.test(event.key)) {
    const next = neighbour(tile, event.key);
    if (!next) return;
    event.preventDefault();
    focusOn(next);
  } else if (event.key === "x" || event.key === "X") {
    choose(tile, { upTo: event.shiftKey });
  } else if (event.key === "s") {
    tile.querySelector(".star").click();
  } else if (event.key === "Delete" || event.key === "Backspace") {
    event.preventDefault();
    const several = chosen();
    const gone = several.length ? several : [tile];
    const tiles = shownTiles();
    const place = tiles.indexOf(tile);
    const rest = (each) => !gone.includes(each);
    const next = tiles.slice(place).find(rest) ?? tiles.slice(0, place).findLast(rest);
    act("delete", gone).then(() => focusOn(next));
  } else if (event.key === "Enter" && event.target.matches(".pick")) {
    // In a box it would send the form.
    event.preventDefault();
    tile.querySelector(".frame").click();
  }
});
