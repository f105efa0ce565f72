// The form of a schedule of services. The server makes the line from the form, the form from the line, the words and the
// next runs; this script asks for them as people click and type, and puts them in place.
"use strict";

(() => {
  const form = document.getElementById("service-schedule");
  const fields = form.elements;
  const tabs = [...form.querySelectorAll("[role=tab]")];
  const parts = ["minute", "hour", "weekday", "day"];
  let hasForm = form.querySelector("[data-no-form]").hidden;
  let turn = 0;
  let timer;

  const boxes = (name) => [...form.querySelectorAll(`input[type=checkbox][name=${name}]`)];

  // What depends on what is chosen: «at a set time» opens the values, days of both kinds have a note.
  function arrange() {
    for (const name of ["minute", "hour"]) {
      form.querySelector(`[data-part=${name}] [data-chips]`).hidden = fields[`${name}_kind`].value !== "at";
    }
    const some = (name) => boxes(name).some((box) => box.checked && box.value !== "all");
    form.querySelector("[data-either]").hidden = !(some("weekday") && some("day"));
    for (const [name, empty] of [["month", "*"], ["second", ""]]) {
      const kept = form.querySelector(`[data-kept-${name}]`);
      kept.hidden = fields[name].value === empty;
      acm.put(kept.querySelector("code"), fields[name].value);
    }
    form.querySelector("[data-kept]").hidden = fields.month.value === "*" && fields.second.value === "";
  }

  // The form shows what a typed line means.
  function fill(values) {
    for (const name of ["minute", "hour"]) {
      for (const radio of fields[`${name}_kind`]) radio.checked = radio.value === values[`${name}_kind`];
      fields[`${name}_step`].value = values[`${name}_step`];
    }
    for (const name of parts) {
      for (const box of boxes(name)) {
        box.checked = box.value === "all" ? values[name].length === 0 : values[name].includes(Number(box.value));
      }
    }
    fields.month.value = values.month;
    fields.second.value = values.second;
  }

  function show(found) {
    if (fields.mode.value === "builder") {
      if (found.line) fields.line.value = found.line;
      hasForm = true;
    } else {
      hasForm = found.form !== null;
      if (hasForm) fill(found.form);
    }
    form.querySelector("[data-no-form]").hidden = hasForm;
    acm.put(form.querySelector("[data-line]"), fields.line.value);
    acm.put(form.querySelector("[data-words]"), found.words || found.line || "—");
    [...form.querySelector("[data-runs]").rows].forEach((row, place) => {
      const run = found.runs[place];
      acm.put(row.cells[0], run ? run.day : "—");
      acm.put(row.cells[1], run ? run.at : "");
      acm.put(row.cells[2], run ? run.ahead : "");
    });
    for (const place of form.querySelectorAll("[data-error]")) {
      if (place.dataset.error === "name") continue;
      const words = found.errors[place.dataset.error] || "";
      place.hidden = !words;
      acm.put(place, words);
      place.parentElement.classList.toggle("has-error", Boolean(words));
    }
    arrange();
  }

  function address() {
    const asked = new URLSearchParams(new FormData(form));
    asked.delete("csrf_token");
    asked.delete("name");
    return `${form.dataset.preview}?${asked}`;
  }

  async function ask() {
    const mine = ++turn;
    try {
      const found = await acm.ask(address());
      if (mine === turn) show(found);
    } catch (error) {
      if (mine === turn) acm.tell(error.message || acm.texts.lost);
    }
  }

  // -- «All» and the single days exclude each other
  form.addEventListener("change", (event) => {
    const group = event.target.closest?.("[data-all]");
    if (!group) return;
    const all = group.querySelector("[value=all]");
    const others = [...group.querySelectorAll("input")].filter((box) => box !== all);
    if (event.target === all || !others.some((box) => box.checked)) {
      for (const box of others) box.checked = false;
      all.checked = true;
    } else all.checked = false;
  });

  form.addEventListener("input", (event) => {
    if (event.target.name === "name") return;
    if (event.target.name !== "line") fields.mode.value = "builder";
    else fields.mode.value = "line";
    if (event.target.name.endsWith("_step")) {
      for (const radio of fields[event.target.name.replace("step", "kind")]) radio.checked = radio.value === "every";
    }
    arrange();
    clearTimeout(timer);
    timer = setTimeout(ask, 150);
  });

  // -- among chips the arrow keys move, Tab leaves the group
  for (const group of form.querySelectorAll("[data-chips]")) {
    const inputs = [...group.querySelectorAll("input")];
    inputs.forEach((one, place) => { one.tabIndex = place ? -1 : 0; });
    group.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      inputs[(inputs.indexOf(event.target) + step + inputs.length) % inputs.length].focus();
    });
    group.addEventListener("focusin", (event) => { for (const one of inputs) one.tabIndex = one === event.target ? 0 : -1; });
  }

  // -- tabs: looking at the builder does not yet give a line up that it cannot show
  function open(code) {
    for (const tab of tabs) {
      const isOpen = tab.dataset.tab === code;
      tab.setAttribute("aria-selected", String(isOpen));
      tab.tabIndex = isOpen ? 0 : -1;
      document.getElementById(`panel-${tab.dataset.tab}`).hidden = !isOpen;
    }
    if (code === "line") fields.line.focus();
  }
  for (const tab of tabs) {
    tab.addEventListener("click", (event) => { event.preventDefault(); open(tab.dataset.tab); });
    tab.addEventListener("keydown", (event) => {
      if (!["ArrowRight", "ArrowLeft", " "].includes(event.key)) return;
      event.preventDefault();
      const next = event.key === " " ? tab : tabs[1 - tabs.indexOf(tab)];
      open(next.dataset.tab);
      next.focus();
    });
  }

  if (!form.querySelector("fieldset").disabled) {
    arrange();
    setInterval(() => { if (!document.hidden) ask(); }, 20000);
  }
})();
