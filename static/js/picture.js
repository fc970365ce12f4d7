// A picture's page: looking closer, and painting over what is to change.
import "./site.js";
import "./mask.js";
import "./zoom.js";

document.querySelector("[data-remix]")?.addEventListener("click", () => {
  document.getElementById("again-menu").hidePopover();
  document.getElementById("remix").showModal();
});
document.getElementById("download-menu").addEventListener("submit", (event) => {
  setTimeout(() => event.target.hidePopover());
});
