// Segments: the dialog of blocking, which says how many phones it touches before it is done.
"use strict";

(() => {
  let timer;
  let turn = 0;
  async function count(form) {
    const mine = ++turn;
    const phones = form.querySelector("[data-phones]");
    const line = form.querySelector("[data-out-line]");
    const asked = new URLSearchParams(new FormData(form));
    asked.delete("csrf_token");
    asked.delete("reason");
    try {
      const found = await acm.ask(`${form.dataset.countUrl}?${asked}`);
      if (mine !== turn) return;
      acm.put(phones, acm.number(found.phones));
      line.hidden = !found.records_out;
      acm.put(form.querySelector("[data-out]"), acm.number(found.records_out));
    } catch {
      if (mine === turn) acm.put(phones, "—");
    }
  }

  document.addEventListener("input", (event) => {
    const form = event.target.closest?.("#block-form");
    if (!form || event.target.name === "reason") return;
    form.querySelector("#range").hidden = form.elements.kind.value !== "2";
    clearTimeout(timer);
    timer = setTimeout(() => count(form), 250);
  });
})();
