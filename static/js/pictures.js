// The pictures' pages: Enter draws, and the arrows walk through the gallery.
import "./site.js";

document.addEventListener("keydown", (event) => {
  if (event.target.id === "id_prompt" && event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    if (event.target.value.trim()) event.target.form.requestSubmit();
    return;
  }
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  const tile = event.target.closest?.("a.frame");
  if (!tile) return;
  const tiles = [...document.querySelectorAll("a.frame")];
  const columns = getComputedStyle(tile.closest(".grid")).gridTemplateColumns.split(" ").length;
  const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[event.key];
  const next = step && tiles[tiles.indexOf(tile) + step];
  if (next) {
    event.preventDefault();
    next.focus();
  }
});

// An order that was taken leaves the line empty for the next one.
document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target.id === "studio") document.getElementById("id_prompt")?.focus();
});
