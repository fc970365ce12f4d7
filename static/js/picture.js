// A picture's page: looking closer, and painting over what is to change.
import "./site.js";
import "./mask.js";
import "./zoom.js";

// From a menu into a sheet: the menu is no longer needed, and the sheet has a line to write in.
document.getElementById("remix")?.addEventListener("toggle", (event) => {
  if (event.newState !== "open") return;
  document.getElementById("again-menu").hidePopover();
  document.getElementById("remix-prompt").focus();
});
document.getElementById("download-menu").addEventListener("submit", (event) => {
  setTimeout(() => event.target.hidePopover());
});
