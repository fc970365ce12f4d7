// The page's one live region. Emptied first, so that the same words are read a second time.
export function announce(words) {
  const region = document.getElementById("announcer");
  if (!region) return;
  region.textContent = "";
  requestAnimationFrame(() => {
    region.textContent = words;
  });
}
