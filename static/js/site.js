// What every page needs: copying, confirmations, the theme shown as soon as it is picked.
import "./confirm.js";
import "./copy.js";
import "./failures.js";

// The way back leads to the conversation that this tab has shown last, unless somebody may have
// signed out since, or it is not there any more: then to a new one.
try {
  const back = document.querySelector("a[data-back]");
  const left = sessionStorage.getItem("conversation");
  if (document.body.matches(".entrance")) sessionStorage.removeItem("conversation");
  else if (back && /^\/c\/[0-9a-f-]{36}\/$/.test(left)) back.href = left;
} catch {
  // Storage is blocked.
}

// Drafts are kept on this device: whoever signs out takes theirs away.
document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-clear-drafts]")) return;
  for (const key of Object.keys(localStorage)) {
    if (/^(draft|attached|model):/.test(key)) localStorage.removeItem(key);
  }
});

document.addEventListener("change", (event) => {
  if (event.target.name === "theme") {
    document.documentElement.dataset.theme = event.target.value;
  }
});

// On a narrow screen these scroll sideways: begin at what is shown.
for (const current of document.querySelectorAll(".subnav [aria-current], .boards [aria-current]")) {
  current.scrollIntoView({ block: "nearest", inline: "center" });
}
