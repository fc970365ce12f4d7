// The server describes the page in #page-state; these are the questions the modules ask of it.
export const element = (id) => document.getElementById(id);

export const pageState = () => element("page-state").dataset;

export const isRunning = () => element("run-state").dataset.state === "running";

export const conversationPath = () => location.pathname;
