// Painting over a picture what may change of it. Strokes are kept as shares of its width and
// height, so that the screen shows them in its size and the mask has them in the picture's.
const part = document.querySelector("[data-part]");
const stage = document.querySelector("[data-stage]");
const canvas = stage.querySelector("[data-canvas]");
const image = stage.querySelector("img");
let strokes = [];

function draw(context, width, height) {
  context.lineCap = "round";
  context.lineJoin = "round";
  for (const { size, points } of strokes) {
    context.lineWidth = size * width;
    context.beginPath();
    for (const [x, y] of points) context.lineTo(x * width, y * height);
    // A single point is a line as well, or a tap would leave nothing.
    context.lineTo(points.at(-1)[0] * width + 0.01, points.at(-1)[1] * height);
    context.stroke();
  }
  for (const place of part.querySelectorAll("[name=parts]:checked")) {
    const [row, column] = [Math.floor(place.value / 3), place.value % 3];
    context.fillRect((column * width) / 3, (row * height) / 3, width / 3, height / 3);
  }
}

function show() {
  canvas.hidden = !part.open;
  stage.classList.toggle("painting", part.open);
  const box = image.getBoundingClientRect();
  canvas.width = Math.round(box.width * devicePixelRatio);
  canvas.height = Math.round(box.height * devicePixelRatio);
  const context = canvas.getContext("2d");
  context.strokeStyle = context.fillStyle = getComputedStyle(canvas).color;
  draw(context, canvas.width, canvas.height);
  for (const name of ["undo", "clear"]) {
    part.querySelector(`[data-brush-${name}]`).disabled = strokes.length === 0;
  }
}

// The mask: what is transparent may change.
function mask() {
  const whole = document.createElement("canvas");
  whole.width = image.naturalWidth;
  whole.height = image.naturalHeight;
  const context = whole.getContext("2d");
  context.fillRect(0, 0, whole.width, whole.height);
  context.globalCompositeOperation = "destination-out";
  draw(context, whole.width, whole.height);
  return new Promise((resolve) => whole.toBlob(resolve, "image/png"));
}

function begin() {
  const size = part.querySelector("[data-brush-size]");
  const ring = document.createElement("span");
  ring.className = "brush-ring";
  stage.append(ring);
  part.querySelector("[data-brush-tools]").hidden = false;

  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  };
  const follow = (event) => {
    const [x, y] = at(event);
    const width = canvas.clientWidth;
    ring.style.width = ring.style.height = `${(size.value / 100) * width}px`;
    ring.style.translate = `calc(${x * width}px - 50%) calc(${y * canvas.clientHeight}px - 50%)`;
  };
  let stroke = null;

  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    canvas.setPointerCapture(event.pointerId);
    stroke = { size: size.value / 100, points: [at(event)] };
    strokes.push(stroke);
    show();
  });
  canvas.addEventListener("pointermove", (event) => {
    follow(event);
    if (!stroke) return;
    for (const each of event.getCoalescedEvents?.() ?? [event]) stroke.points.push(at(each));
    show();
  });
  for (const end of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(end, () => {
      stroke = null;
    });
  }
  const undo = () => {
    strokes.pop();
    show();
  };
  part.querySelector("[data-brush-undo]").addEventListener("click", undo);
  part.querySelector("[data-brush-clear]").addEventListener("click", () => {
    strokes = [];
    show();
  });
  part.addEventListener("toggle", show);
  part.addEventListener("change", show);
  addEventListener("resize", show);
  image.addEventListener("load", show);
  document.addEventListener("keydown", (event) => {
    if (!part.open || event.target.matches("input[name=prompt], textarea")) return;
    if (event.key === "z" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      undo();
    } else if (event.key === "[" || event.key === "]") {
      size.value = Number(size.value) + (event.key === "]" ? 2 : -2);
    }
  });

  const field = part.querySelector("[data-mask]");
  const form = field.form;
  form.addEventListener("submit", async (event) => {
    if (!part.open) {
      // What was painted and put away again is not meant.
      for (const place of part.querySelectorAll("[name=parts]")) place.checked = false;
      field.value = "";
    } else if (strokes.length && !field.files.length) {
      event.preventDefault();
      const files = new DataTransfer();
      files.items.add(new File([await mask()], "mask.png", { type: "image/png" }));
      field.files = files.files;
      form.requestSubmit();
    }
  });
  // Who comes back to the page paints anew.
  addEventListener("pageshow", () => {
    field.value = "";
  });
  show();
}

if (part) begin();
