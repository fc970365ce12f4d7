// Runs before the first paint, so that a collapsed sidebar does not flash open.
try {
  if (localStorage.getItem("sidebar") === "collapsed") {
    document.documentElement.dataset.sidebar = "collapsed";
  }
} catch {
  // Storage may be blocked: the sidebar then simply starts open.
}
