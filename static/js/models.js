// The models page of administrators: uploads, and where the focus goes when a list is fetched anew.
import "./upload.js";

// A button that is gone with the list it was in leaves the focus with the list's heading.
let inDownloads = false;
document.addEventListener("htmx:beforeSwap", (event) => {
  inDownloads = event.detail.target.id === "downloads" && event.detail.target.contains(document.activeElement);
});
document.addEventListener("htmx:afterSettle", () => {
  if (inDownloads && document.activeElement === document.body) {
    document.getElementById("downloads-title").focus();
  }
  inDownloads = false;
});
