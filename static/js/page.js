// The server describes the page in #page-state; these are the questions the modules ask of it.
export const element = (id) => document.getElementById(id);

// Which page of the browser this is: it is not told what it has just done itself.
export const tab = Math.random().toString(36).slice(2);

export const pageState = () => element("page-state").dataset;

// Where the keyboard is a part of the screen: Enter breaks the line there.
export const touch = matchMedia("(hover: none) and (pointer: coarse)");

export const isRunning = () => element("run-state").dataset.state === "running";

const site = document.title.slice(document.title.lastIndexOf(" · "));

export function showTitle(title) {
  const heading = element("conversation-title");
  if (!title || heading.textContent === title) return;
  heading.textContent = title;
  document.title = title + site;
  pageState().title = title;
}
