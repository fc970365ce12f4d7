// Looking closer: the picture over the whole window, in steps from fitting to four times its size.
const link = document.querySelector("[data-zoom]");
const image = link.querySelector("img");

const dialog = document.createElement("dialog");
dialog.className = "closer";
dialog.setAttribute("aria-label", "The picture up close");
dialog.innerHTML = `
  <div class="closer-tools">
    <button class="icon-button" type="button" data-step="-1" aria-label="Smaller" title="Smaller (-)">−</button>
    <output></output>
    <button class="icon-button" type="button" data-step="1" aria-label="Larger" title="Larger (+)">+</button>
    <button class="icon-button" type="button" data-close aria-label="Close" autofocus><svg class="icon"><use href="#i-close"/></svg></button>
  </div>
  <div class="closer-view" tabindex="0" role="group" aria-label="Scroll to see the rest"><img alt=""></div>`;
const view = dialog.querySelector(".closer-view");
const large = view.querySelector("img");
const SCALES = [0, 0.5, 1, 2, 4];
let step = 0;

// The point in the middle of the window stays there.
function scale(next) {
  step = Math.min(SCALES.length - 1, Math.max(0, next));
  const middle = [
    (view.scrollLeft + view.clientWidth / 2) / view.scrollWidth,
    (view.scrollTop + view.clientHeight / 2) / view.scrollHeight,
  ];
  const factor = SCALES[step];
  large.classList.toggle("fits", !factor);
  large.style.width = factor ? `${image.naturalWidth * factor}px` : "";
  dialog.querySelector("output").textContent = factor ? `${factor * 100} %` : "Fits";
  view.scrollLeft = middle[0] * view.scrollWidth - view.clientWidth / 2;
  view.scrollTop = middle[1] * view.scrollHeight - view.clientHeight / 2;
}

link.addEventListener("click", (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  if (!dialog.isConnected) document.body.append(dialog);
  large.src = image.currentSrc || image.src;
  large.alt = image.alt;
  dialog.showModal();
  scale(0);
});
dialog.addEventListener("click", (event) => {
  const button = event.target.closest("[data-step]");
  if (button) scale(step + Number(button.dataset.step));
  else if (event.target === large) scale(step ? 0 : 2);
  else if (event.target.closest("[data-close]") || event.target === view) dialog.close();
});
dialog.addEventListener("keydown", (event) => {
  if (event.key === "+" || event.key === "=") scale(step + 1);
  else if (event.key === "-") scale(step - 1);
  else if (event.key === "0") scale(0);
});
