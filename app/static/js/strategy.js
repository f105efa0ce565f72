// The strategy form: tabs, the order of the phone keys, rows of dates, days drawn as bars. It works without, but for the order.
"use strict";

(() => {
  const form = document.getElementById("strategy");
  if (!form) return;

  // -- unsaved changes
  let isDirty = form.hasAttribute("data-dirty");
  let isLeaving = false;
  const touch = () => { isDirty = true; };
  form.addEventListener("input", touch);
  form.addEventListener("change", touch);
  form.addEventListener("submit", () => { isLeaving = true; });
  window.addEventListener("pageshow", () => { isLeaving = false; });
  window.addEventListener("beforeunload", (event) => { if (isDirty && !isLeaving) event.preventDefault(); });

  // -- tabs
  const tabs = [...document.querySelectorAll("[role=tab]")];
  function open(code) {
    for (const tab of tabs) {
      const isOpen = tab.dataset.tab === code;
      tab.setAttribute("aria-selected", String(isOpen));
      tab.tabIndex = isOpen ? 0 : -1;
    }
    for (const panel of document.querySelectorAll("[data-panel]")) panel.hidden = panel.dataset.panel !== code;
    form.elements.tab.value = code;
    const address = new URL(location.href);
    address.searchParams.set("tab", code);
    history.replaceState(null, "", address);
  }
  for (const tab of tabs) {
    tab.addEventListener("click", (event) => { event.preventDefault(); open(tab.dataset.tab); });
    tab.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step && event.key !== " ") return;
      event.preventDefault();
      const next = step ? tabs[(tabs.indexOf(tab) + step + tabs.length) % tabs.length] : tab;
      open(next.dataset.tab);
      next.focus();
    });
  }

  // -- the order of the three keys: by the mouse, by its buttons, by the arrow keys
  const list = form.querySelector("[data-keys]");
  const said = form.querySelector("[data-keys-said]");
  function keep(item) {
    const keys = [...list.children].map((one) => one.dataset.key);
    form.elements.phone_keys.value = keys.join(",");
    said.textContent = `${item.querySelector(".key-name").textContent}: ${keys.indexOf(item.dataset.key) + 1}`;
    touch();
  }
  function move(item, step) {
    const other = step < 0 ? item.previousElementSibling : item.nextElementSibling;
    if (!other) return;
    if (step < 0) other.before(item); else other.after(item);
    keep(item);
  }
  let dragged = null;
  list.addEventListener("dragstart", (event) => {
    dragged = event.target.closest("li");
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", dragged.dataset.key);
    dragged.classList.add("is-dragged");
  });
  list.addEventListener("dragover", (event) => {
    const over = event.target.closest("li");
    if (!dragged) return;
    event.preventDefault();
    if (!over || over === dragged) return;
    const box = over.getBoundingClientRect();
    if (event.clientY > box.top + box.height / 2) over.after(dragged); else over.before(dragged);
  });
  list.addEventListener("drop", (event) => event.preventDefault());
  list.addEventListener("dragend", () => {
    if (!dragged) return;
    dragged.classList.remove("is-dragged");
    keep(dragged);
    dragged = null;
  });
  list.addEventListener("keydown", (event) => {
    const item = event.target.closest("li");
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!step || event.target !== item || !item.draggable) return;
    event.preventDefault();
    move(item, step);
    item.focus();
  });
  list.addEventListener("click", (event) => {
    const button = event.target.closest("[data-move]");
    if (button) move(button.closest("li"), Number(button.dataset.move));
  });

  // -- schedules
  const PERIOD = /^(\d{1,2})(?:[:.](\d\d))?\s*[-–—]\s*(\d{1,2})(?:[:.](\d\d))?$/;
  function draw(input) {
    const bar = input.closest("tr").querySelector(".day-bar");
    if (!bar) return;
    bar.replaceChildren();
    for (const part of input.value.split(/[,;]/)) {
      const match = PERIOD.exec(part.trim());
      if (!match) continue;
      const start = match[1] * 60 + Number(match[2] || 0);
      const end = match[3] * 60 + Number(match[4] || 0);
      if (start > 1439 || end > 1440) continue;
      const rect = document.createElementNS("http://www.w3.org/2000/svg", "rect");
      rect.setAttribute("x", start);
      rect.setAttribute("width", (end > start ? end : 1440) - start);
      rect.setAttribute("height", 10);
      bar.append(rect);
    }
  }
  function showExcluded(box) {
    const period = box.closest("tr").querySelector("[data-periods]");
    period.readOnly = box.checked;
    period.classList.toggle("is-off", box.checked);
  }
  for (const input of form.querySelectorAll("[data-day]")) draw(input);
  for (const box of form.querySelectorAll("[data-excluded]")) showExcluded(box);
  form.addEventListener("input", (event) => { if (event.target.matches("[data-day]")) draw(event.target); });
  form.addEventListener("change", (event) => {
    const target = event.target;
    if (target.matches("[data-excluded]")) showExcluded(target);
    if (target.matches("[data-own]")) {
      const own = form.querySelector(`[data-own-schedule="${target.dataset.own}"]`);
      own.hidden = !target.checked;
      if (target.checked && ![...own.querySelectorAll("[data-day]")].some((day) => day.value)) copySchedule(own);
    }
  });

  // An own schedule begins as the common one.
  function copySchedule(own) {
    const common = form.querySelector('[data-schedule="general"]');
    for (const day of own.querySelectorAll("[data-day]")) {
      day.value = common.querySelector(`[data-day="${day.dataset.day}"]`).value;
      draw(day);
    }
    const name = own.querySelector("[name$='.name']");
    name.value = name.value || own.querySelector("h2").textContent;
    name.focus();
  }

  let row = 1000;
  form.addEventListener("click", (event) => {
    const target = event.target.closest("button");
    if (!target) return;
    if (target.matches("[data-add-date]")) {
      const schedule = target.closest("[data-schedule]");
      const made = schedule.querySelector("template").innerHTML.replaceAll("NUMBER", String(row++));
      schedule.querySelector(".dates tbody").insertAdjacentHTML("beforeend", made);
      schedule.querySelector(".dates tbody tr:last-child input").focus();
      touch();
    } else if (target.matches("[data-remove-row]")) {
      const next = target.closest("[data-schedule]").querySelector("[data-add-date]");
      target.closest("tr").remove();
      next.focus();
      touch();
    } else if (target.matches("[data-copy-day]")) {
      const week = target.closest("[data-schedule]");
      const monday = week.querySelector('[data-day="1"]').value;
      for (const day of week.querySelectorAll("[data-day]")) {
        if (Number(day.dataset.day) > Number(target.dataset.copyDay)) continue;
        day.value = monday;
        draw(day);
      }
      touch();
    } else if (target.matches("[data-reset]")) {
      for (const [name, value] of Object.entries(JSON.parse(target.closest("tr").dataset.defaults))) {
        const field = form.elements[name];
        if (field.type === "checkbox") field.checked = value === "1"; else field.value = value;
      }
      touch();
    }
  });

  const preview = document.getElementById("preview");
  const wrong = form.querySelector("[data-panel]:not([hidden]) .is-wrong, .form-foot .is-wrong");
  if (preview) preview.focus({ preventScroll: true });
  else if (wrong) wrong.focus();
})();
