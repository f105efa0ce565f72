// What all pages share: requests with the token against forgery, live parts, dialogs, the clock. No inline handlers.
"use strict";

const acm = (() => {
  const texts = JSON.parse(document.getElementById("acm-texts")?.textContent || "{}");
  const token = document.querySelector('meta[name="csrf-token"]')?.content || "";
  const numbers = new Intl.NumberFormat(texts.language === "en" ? "en-US" : "ru-RU");
  let lastActive = Date.now();
  for (const kind of ["pointerdown", "pointermove", "keydown", "wheel"]) {
    document.addEventListener(kind, () => { lastActive = Date.now(); }, { passive: true });
  }

  const lost = document.getElementById("lost");
  function showLost(text, link) {
    if (!lost) return;
    lost.textContent = text + " ";
    if (link) {
      const anchor = document.createElement("a");
      anchor.href = location.href;
      anchor.textContent = texts.sign_in;
      lost.append(anchor);
    }
    lost.hidden = false;
  }

  // A request to our own server. Answers the JSON; throws an Error with .status and the server's words.
  async function ask(url, options = {}) {
    const headers = { "X-Requested-With": "fetch", "Accept": "application/json", ...(options.headers || {}) };
    if (options.method && options.method !== "GET") headers["X-CSRFToken"] = token;
    const answer = await fetch(url, { credentials: "same-origin", ...options, headers });
    let body = {};
    try { body = await answer.json(); } catch { /* an answer without JSON is told by its status */ }
    if (!answer.ok) {
      const error = new Error([body.error, body.hint].filter(Boolean).join(" ") || texts.failed);
      error.status = answer.status;
      throw error;
    }
    return body;
  }

  // Ask `url` again and again, `seconds` after the last answer; `show` gets what came. Rests while the page is hidden.
  function live(url, seconds, show, done = () => false) {
    let stopped = false;
    async function turn() {
      if (stopped) return;
      if (document.hidden) { setTimeout(turn, 500); return; }
      const idle = Date.now() - lastActive > 60000;
      try {
        const body = await ask(typeof url === "function" ? url() : url, idle ? { headers: { "X-Acm-Background": "1" } } : {});
        if (lost) lost.hidden = true;
        show(body);
        if (done(body)) { stopped = true; return; }
      } catch (error) {
        if (error.status === 401) { showLost(texts.signed_out, true); stopped = true; return; }
        if (error.status === 403 || error.status === 404) { showLost(error.message); stopped = true; return; }
        showLost(texts.lost);
      }
      setTimeout(turn, seconds * 1000);
    }
    turn();
    return { now: turn, stop() { stopped = true; } };
  }

  // Write text only where it changed, so that nothing flickers and a selection stays.
  function put(element, text) {
    if (element && element.textContent !== String(text)) element.textContent = text;
  }

  const number = (value) => (value === null || value === undefined ? "—" : numbers.format(value));

  // A message at the bottom of the page, for a few seconds.
  function tell(text) {
    showLost(text);
    setTimeout(() => { if (lost) lost.hidden = true; }, 6000);
  }

  // The value of a colour variable of the present theme, for canvases.
  function colour(name) {
    const probe = document.createElement("i");
    probe.style.color = `var(${name})`;
    document.body.append(probe);
    const value = getComputedStyle(probe).color;
    probe.remove();
    return value;
  }

  // A <dialog> by id; resolves to true when its button [value=yes] closed it.
  function confirmed(dialog) {
    return new Promise((resolve) => {
      dialog.returnValue = "";
      dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
      dialog.showModal();
    });
  }

  document.addEventListener("click", (event) => {
    const target = event.target instanceof Element ? event.target : null;
    if (!target) return;
    if (target.closest("[data-dismiss]")) target.closest(".notice")?.remove();
    if (target.closest("[data-close]")) target.closest("dialog")?.close();
    const opener = target.closest("[data-dialog]");
    if (opener) document.getElementById(opener.dataset.dialog)?.showModal();
    for (const menu of document.querySelectorAll("details.user-menu[open]")) {
      if (!menu.contains(target)) menu.removeAttribute("open");
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") document.querySelector("details.user-menu[open]")?.removeAttribute("open");
    if (event.key === "/" && !/^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement?.tagName || "")) {
      const search = document.querySelector("[data-search]");
      if (search) { event.preventDefault(); search.focus(); search.select?.(); }
    }
  });
  // Filters apply as soon as a list is chosen; a form is sent once.
  document.addEventListener("change", (event) => {
    if (event.target.matches("form.filters select")) event.target.form.requestSubmit();
  });
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method === "get") {
      for (const field of form.elements) if (field.name && field.value === "") field.disabled = true;
      return;
    }
    const question = form.dataset.confirm;
    if (question && !form.dataset.sure) {
      event.preventDefault();
      askToConfirm(form, question);
      return;
    }
    if (form.method === "post" && !form.closest("dialog")) {
      if (form.dataset.sent) { event.preventDefault(); return; }
      form.dataset.sent = "1";
      form.classList.add("is-busy");
    }
  });
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent], form.filters")) {
      delete form.dataset.sent;
      form.classList.remove("is-busy");
      for (const field of form.elements) field.disabled = field.hasAttribute("data-disabled");
    }
  });

  function askToConfirm(form, question) {
    const dialog = document.getElementById("confirm");
    if (!dialog) { form.dataset.sure = "1"; form.requestSubmit(); return; }
    dialog.querySelector("[data-question]").textContent = question;
    confirmed(dialog).then((yes) => {
      if (yes) { form.dataset.sure = "1"; form.requestSubmit(); }
    });
  }

  // Where the reader is, is seen in the menu, however long it is.
  document.querySelector(".menu-item.is-active")?.scrollIntoView({ block: "nearest" });

  // The clock of the header runs in the user's zone, as fast as the installation's clock.
  const clock = document.getElementById("clock");
  if (clock) {
    const began = performance.now();
    const start = Number(clock.dataset.now);
    const speed = Number(clock.dataset.speed);
    const parts = new Intl.DateTimeFormat("en-GB", {
      timeZone: clock.dataset.zone, year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit",
      second: "2-digit", hour12: false,
    });
    setInterval(() => {
      const moment = new Date(start + (performance.now() - began) * speed);
      const part = Object.fromEntries(parts.formatToParts(moment).map((piece) => [piece.type, piece.value]));
      put(clock, `${part.day}.${part.month}.${part.year} ${part.hour === "24" ? "00" : part.hour}:${part.minute}:${part.second}`);
    }, 1000);
  }

  // A switch that works at once: put back, and told why, when it is refused. Asks first before it is switched off, where it has
  // a question. While it is under way a page that refreshes itself leaves it alone (data-busy). What else the page does when it
  // is done listens to "switched".
  document.addEventListener("change", async (event) => {
    const toggle = event.target;
    if (!toggle.matches("[data-switch]")) return;
    const question = toggle.dataset.offQuestion;
    if (question && !toggle.checked) {
      const dialog = document.getElementById("confirm");
      dialog.querySelector("[data-question]").textContent = question;
      if (!await confirmed(dialog)) { toggle.checked = true; return; }
    }
    if (await flip(toggle)) toggle.dispatchEvent(new CustomEvent("switched", { bubbles: true }));
  });

  async function flip(toggle) {
    toggle.disabled = true;
    toggle.dataset.busy = "1";
    try {
      await ask(toggle.dataset.switch, {
        method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ is_enabled: toggle.checked }),
      });
      return true;
    } catch (error) {
      toggle.checked = !toggle.checked;
      tell(error.message);
      return false;
    } finally {
      delete toggle.dataset.busy;
      toggle.disabled = false;
    }
  }

  return { ask, live, put, number, colour, tell, texts };
})();
