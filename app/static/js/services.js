// The table of services follows what they do; a switch works at once.
"use strict";

(() => {
  const table = document.getElementById("services");
  const trouble = document.getElementById("trouble");
  const journal = new URL("../journals/services/", location.href).pathname;

  function link(element, runId) {
    element.hidden = runId === null;
    element.href = runId === null ? "#" : `${journal}${runId}/`;
  }

  function show(body) {
    trouble.hidden = !body.trouble;
    acm.put(trouble.querySelector("[data-text]"), body.trouble);
    for (const row of table.querySelectorAll("[data-service]")) {
      const now = body.services[row.dataset.service];
      if (!now) continue;
      const part = (name) => row.querySelector(`[data-live=${name}]`);
      for (const name of ["state", "next", "next_ahead", "last", "last_state", "last_seconds", "error", "error_at"]) acm.put(part(name), now[name]);
      if (now.run_id !== null) acm.put(part("note"), now.note || part("note").textContent);
      part("state").className = `state is-${now.state_class}`;
      part("last_state").className = `state is-${now.last_class}`;
      part("last_state").hidden = !now.last_state;
      part("share").setAttribute("width", now.share);
      link(part("run"), now.run_id);
      link(part("error"), now.error_id);
      part("error").className = now.is_fresh ? "bad" : "muted";
      part("error").title = now.error;
      if (now.last_id !== null) link(part("last"), now.last_id);
      const toggle = row.querySelector(".toggle");
      if (!toggle.dataset.busy) toggle.checked = now.is_enabled;
    }
  }

  acm.live(table.dataset.url, 2, show);
})();
