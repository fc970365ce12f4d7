// Pictures of one's own: chosen, dropped anywhere on the page, or pasted; one after another.
const form = document.querySelector("[data-uploading]");
const picker = form.querySelector("input[type=file]");
const section = document.querySelector("[data-uploads]");
const words = section.querySelector("[data-upload-words]");
const bar = section.querySelector("[data-upload-bar]");
let busy = false;

// XMLHttpRequest, because fetch does not tell how far a body is.
function send(file, progressed) {
  return new Promise((resolve) => {
    const body = new FormData(form);
    body.set("picture", file);
    const request = new XMLHttpRequest();
    request.open("POST", form.action);
    request.responseType = "json";
    request.setRequestHeader("Accept", "application/json");
    request.upload.addEventListener("progress", (event) => progressed(event.loaded / event.total));
    request.addEventListener("load", () => {
      resolve(request.response ?? { problem: `The site refused it (${request.status}).` });
    });
    request.addEventListener("error", () => resolve({ problem: "The connection broke off." }));
    request.send(body);
  });
}

async function upload(files) {
  if (busy || !files.length) return;
  busy = true;
  section.hidden = false;
  bar.hidden = false;
  const problems = [];
  const places = [];
  for (const [number, file] of files.entries()) {
    words.textContent = files.length > 1 ? `${number + 1} of ${files.length}: ${file.name}` : file.name;
    const answer = await send(file, (part) => {
      bar.value = (number + part) / files.length;
    });
    if (answer.url) places.push(answer.url);
    else problems.push(`${file.name}: ${answer.problem}`);
  }
  busy = false;
  bar.hidden = true;
  if (places.length === 1 && files.length === 1) {
    location.assign(places[0]);
    return;
  }
  words.textContent = [...problems, places.length ? `${places.length} uploaded.` : ""].join(" ").trim();
  section.classList.toggle("bad", problems.length > 0);
  if (places.length) window.htmx.trigger(document.body, "pictures-changed");
}

picker.addEventListener("change", () => {
  upload([...picker.files]);
  picker.value = "";
});

const hasFiles = (event) => event.dataTransfer.types.includes("Files") && !document.body.matches(".dragging");

document.addEventListener("dragover", (event) => {
  if (!hasFiles(event)) return;
  event.preventDefault();
  document.body.classList.add("dropping");
});
document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) document.body.classList.remove("dropping");
});
document.addEventListener("drop", (event) => {
  document.body.classList.remove("dropping");
  if (!hasFiles(event)) return;
  event.preventDefault();
  upload([...event.dataTransfer.files]);
});
document.addEventListener("paste", (event) => {
  const files = [...event.clipboardData.files].filter((file) => file.type.startsWith("image/"));
  if (!files.length) return;
  event.preventDefault();
  upload(files);
});
