// The form of a source: only the fields that its address and its actions need; the connection is tried as it stands.
"use strict";

(() => {
  const form = document.getElementById("source");
  if (!form) return;
  const address = form.elements.root_url;
  const button = document.getElementById("check");
  const checked = document.getElementById("checked");

  function fit() {
    const scheme = address.value.trim().split(":")[0].toLowerCase();
    form.querySelector("[data-login]").hidden = scheme === "file";
    form.querySelector("[data-tls]").hidden = !["ftps", "ftpes"].includes(scheme);
    form.querySelector("[data-ssh]").hidden = scheme !== "sftp";
    for (const row of form.querySelectorAll("[data-action]")) {
      const action = row.querySelector("select").value;
      const field = row.querySelector("[data-target-field]");
      const label = field.querySelector("label");
      field.hidden = action === "3";
      acm.put(label, action === "2" ? label.dataset.move : label.dataset.rename);
    }
  }

  async function check() {
    button.disabled = true;
    const busy = document.createElement("div");
    busy.className = "loading";
    busy.textContent = checked.dataset.busy;
    checked.replaceChildren(busy);
    try {
      const answer = await fetch(form.dataset.check, {
        method: "POST", credentials: "same-origin", headers: { "X-Requested-With": "fetch" },
        body: new URLSearchParams(new FormData(form)),
      });
      if (!answer.ok) throw new Error(acm.texts.failed);
      checked.innerHTML = await answer.text();
    } catch (error) {
      checked.textContent = error instanceof TypeError ? acm.texts.lost : error.message;
    }
    button.disabled = false;
  }

  form.addEventListener("input", fit);
  form.addEventListener("change", fit);
  button?.addEventListener("click", check);
  checked?.addEventListener("click", (event) => {
    const accept = event.target.closest("[data-accept]");
    if (!accept) return;
    form.elements.host_key.value = accept.dataset.accept;
    check();
  });
  fit();
})();
