// The list of clients: rows open and close, phones are ticked, and the move asks with their number before it is sent.
"use strict";

(() => {
  const form = document.getElementById("move");
  const chosen = document.getElementById("chosen");
  const ticked = () => form.querySelectorAll("[name=phone]:checked").length;

  function open(button, isOpen) {
    document.getElementById(button.dataset.open).hidden = !isOpen;
    button.setAttribute("aria-expanded", String(isOpen));
  }

  form.addEventListener("click", (event) => {
    const button = event.target.closest("[data-open]");
    if (button) open(button, button.getAttribute("aria-expanded") !== "true");
  });
  document.getElementById("open-all")?.addEventListener("click", () => {
    const buttons = [...form.querySelectorAll("[data-open]")];
    const isOpen = buttons.some((button) => button.getAttribute("aria-expanded") !== "true");
    buttons.forEach((button) => open(button, isOpen));
  });

  function count() {
    acm.put(chosen, acm.number(ticked()));
    // Without a phone or a campaign there is nothing to ask: the server says what is missing.
    const target = form.elements.campaign;
    if (ticked() && target?.value) {
      const campaign = target.selectedOptions[0].textContent.trim();
      form.dataset.confirm = form.dataset.question.replace("{count}", acm.number(ticked())).replace("{campaign}", campaign);
    } else {
      delete form.dataset.confirm;
    }
  }
  form.addEventListener("change", (event) => {
    if (event.target.matches("[data-tick-all]")) {
      for (const one of event.target.closest("table").querySelectorAll("[name=phone]")) one.checked = event.target.checked;
    }
    count();
  });
  window.addEventListener("pageshow", count);
})();
