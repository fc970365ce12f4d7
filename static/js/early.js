// Runs before the first paint, so that a collapsed sidebar does not flash open.
try {
  if (localStorage.getItem("sidebar") === "collapsed") {
    document.documentElement.dataset.sidebar = "collapsed";
  }
} catch {
  // Storage may be blocked: the sidebar then simply starts open.
}
// Dates and times are written by the server, which is told here where its reader's clock stands.
{
  const zone = encodeURIComponent(Intl.DateTimeFormat().resolvedOptions().timeZone);
  if (!document.cookie.split("; ").includes(`timezone=${zone}`)) {
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `timezone=${zone}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
  }
}
