// Asks before a form (or one of its buttons) with data-confirm is sent.
const dialog = document.createElement("dialog");
dialog.className = "dialog";
dialog.setAttribute("aria-labelledby", "confirm-question");
dialog.innerHTML = `
  <form method="dialog">
    <h2 id="confirm-question"></h2>
    <p></p>
    <div class="buttons">
      <button class="button" value="" autofocus>Cancel</button>
      <button class="button danger" value="yes"></button>
    </div>
  </form>`;

const confirmed = new WeakSet();

document.addEventListener("submit", (event) => {
  const form = event.target;
  const { submitter } = event;
  const source = submitter?.dataset.confirm ? submitter : form;
  if (!source.dataset.confirm || confirmed.delete(form)) return;
  event.preventDefault();
  dialog.querySelector("h2").textContent = source.dataset.confirm;
  dialog.querySelector("p").textContent = source.dataset.consequence ?? "";
  dialog.querySelector("[value=yes]").textContent = submitter?.firstChild.textContent.trim() || "Yes";
  if (!dialog.isConnected) document.body.append(dialog);
  dialog.returnValue = "";
  dialog.addEventListener(
    "close",
    () => {
      if (dialog.returnValue !== "yes") return;
      confirmed.add(form);
      form.requestSubmit(submitter);
    },
    { once: true },
  );
  dialog.showModal();
});
