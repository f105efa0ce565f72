// Pages in a dialog: a link with data-sheet opens its page over this one, and its form is sent from there. What is wrong
// comes back beside the fields; what is done leads to where the answer says.
"use strict";

(() => {
  const dialog = document.createElement("dialog");
  dialog.className = "sheet-dialog";
  document.body.append(dialog);
  const headers = { "X-Acm-Sheet": "1" };

  function show(html) {
    dialog.innerHTML = html;
    const title = dialog.querySelector(".dialog-head");
    if (title) { title.id = "sheet-title"; dialog.setAttribute("aria-labelledby", title.id); }
    if (!dialog.open) dialog.showModal();
    (dialog.querySelector(".has-error .input") || dialog.querySelector("[autofocus]"))?.focus();
    dialog.dispatchEvent(new CustomEvent("sheet", { bubbles: true }));
  }

  async function take(answer) {
    if (answer.redirected || answer.status === 401) { location.reload(); return; }
    const kind = answer.headers.get("Content-Type") || "";
    if (answer.ok && kind.startsWith("application/json")) {
      location.assign((await answer.json()).next);
      return;
    }
    const html = await answer.text();
    if (answer.ok) { show(html); return; }
    const page = new DOMParser().parseFromString(html, "text/html");
    acm.tell([...page.querySelectorAll(".error-page h2, .error-page p:not(:last-child)")].map((one) => one.textContent).join(". ") || acm.texts.failed);
  }

  async function ask(url, options = {}) {
    try {
      await take(await fetch(url, { credentials: "same-origin", headers, ...options }));
    } catch {
      acm.tell(acm.texts.lost);
    }
  }

  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const link = event.target instanceof Element ? event.target.closest("a[data-sheet]") : null;
    if (link) { event.preventDefault(); ask(link.href); }
  });
  dialog.addEventListener("click", (event) => {
    if (event.target.closest("[data-close]")) { event.preventDefault(); dialog.close(); }
  });
  dialog.addEventListener("submit", (event) => {
    event.preventDefault();
    const form = event.target;
    if (form.dataset.sent) return;
    form.dataset.sent = "1";
    form.classList.add("is-busy");
    ask(form.action, { method: "POST", body: new URLSearchParams(new FormData(form, event.submitter)) }).finally(() => {
      delete form.dataset.sent;
      form.classList.remove("is-busy");
    });
  });
})();
