// What is shown once: a click on the button beside it copies it.
"use strict";

(() => {
  document.addEventListener("click", async (event) => {
    const button = event.target instanceof Element ? event.target.closest("[data-copy]") : null;
    if (!button) return;
    const field = document.getElementById(button.dataset.copy);
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
    } catch {
      document.execCommand("copy"); // pages without TLS have no clipboard of their own
    }
    const label = button.querySelector("[data-label]");
    label.textContent = button.dataset.copied;
  });
})();
