// The dialog of a new entry: a number or a person, and how many phones it stops before it is done.
"use strict";

(() => {
  let timer;
  let turn = 0;
  async function count(form) {
    const mine = ++turn;
    const asked = new URLSearchParams();
    for (const name of ["kind", "number", "crm_id"]) {
      const value = new FormData(form).get(name);
      if (value) asked.set(name, value);
    }
    try {
      const found = await acm.ask(`${form.dataset.countUrl}?${asked}`);
      if (mine !== turn) return;
      acm.put(form.querySelector("[data-phones]"), acm.number(found.phones));
      acm.put(form.querySelector("[data-campaigns]"), acm.number(found.campaigns));
      acm.put(form.querySelector("[data-out]"), acm.number(found.records_out));
      form.querySelector("[data-out-line]").hidden = !found.records_out;
    } catch {
      if (mine === turn) acm.put(form.querySelector("[data-phones]"), "—");
    }
  }

  document.addEventListener("input", (event) => {
    const form = event.target.closest?.("#entry-form");
    if (!form || event.target.name === "reason") return;
    const kind = new FormData(form).get("kind");
    if (kind) for (const part of form.querySelectorAll("[data-kind]")) part.hidden = part.dataset.kind !== kind;
    clearTimeout(timer);
    timer = setTimeout(() => count(form), 250);
  });
})();
