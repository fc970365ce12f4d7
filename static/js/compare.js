// Two pictures on top of each other with an edge to move, side by side, or in turns.
import "./site.js";

const pair = document.querySelector("[data-pair]");
const reveal = pair.querySelector("[data-reveal]");
const turn = document.querySelector("[data-turn]");
const modes = document.querySelector("[data-modes]");
const TURN_MS = 800;
let timer = 0;

function turnOver() {
  pair.classList.toggle("turned");
}

function play(playing) {
  clearInterval(timer);
  timer = playing ? setInterval(turnOver, TURN_MS) : 0;
  turn.textContent = playing ? "Pause" : "Turn over";
}

function show(mode) {
  pair.dataset.mode = mode;
  reveal.hidden = mode !== "slider";
  turn.hidden = mode !== "flicker";
  // Who wants less motion turns by hand.
  play(mode === "flicker" && !matchMedia("(prefers-reduced-motion: reduce)").matches);
}

const edge = () => pair.style.setProperty("--reveal", `${reveal.value}%`);

modes.addEventListener("change", (event) => show(event.target.value));
reveal.addEventListener("input", edge);
turn.addEventListener("click", () => {
  if (timer) play(false);
  else turnOver();
});

modes.hidden = false;
modes.querySelector("[value=slider]").checked = true;
edge();
show("slider");
