// «Проверить соединение»: what the form says is tried, and each step is told; nothing is saved.
"use strict";

(() => {
  const form = document.querySelector("form[data-check]");
  const button = document.getElementById("check");
  const list = document.getElementById("checks");
  const marks = document.getElementById("check-marks");
  if (!button || !marks) return;

  function line(isOk, name, words) {
    const item = document.createElement("li");
    item.className = isOk ? "is-ok" : "is-bad";
    item.append(marks.content.querySelector(`[data-for=${isOk ? "yes" : "no"}]`).firstElementChild.cloneNode(true));
    const text = document.createElement("span");
    const title = document.createElement("strong");
    title.textContent = name;
    text.append(title, name ? " " : "", words);
    item.append(text);
    return item;
  }

  button.addEventListener("click", async () => {
    button.disabled = true;
    form.setAttribute("aria-busy", "true");
    list.replaceChildren();
    try {
      const body = new URLSearchParams(new FormData(form));
      const answer = await acm.ask(form.dataset.check, { method: "POST", body });
      list.append(...answer.steps.map((step) => line(step.is_ok, step.name, step.words)));
    } catch (error) {
      list.append(line(false, "", error.message));
    }
    list.hidden = false;
    button.disabled = false;
    form.removeAttribute("aria-busy");
  });
})();
