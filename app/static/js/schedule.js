// The page of a schedule: rows of dates are added, opened for change and removed; all of it is sent by «Save».
"use strict";

(() => {
  const body = document.querySelector("#dates tbody");
  const none = document.getElementById("no-dates");
  const template = document.getElementById("date-row");

  function count() {
    none.hidden = body.rows.length > 0;
  }

  function open(row) {
    row.classList.add("is-editing");
    row.querySelector("[name=on_date]").focus();
  }

  document.getElementById("add-date")?.addEventListener("click", () => {
    body.append(template.content.cloneNode(true));
    open(body.rows[body.rows.length - 1]);
    count();
  });
  body.addEventListener("click", (event) => {
    const row = event.target.closest("tr");
    if (event.target.closest("[data-edit-row]")) open(row);
    if (event.target.closest("[data-remove-row]")) { row.remove(); count(); }
  });
  body.addEventListener("change", (event) => {
    if (event.target.name !== "kind") return;
    const hours = event.target.closest("tr").querySelector("[name=periods]");
    hours.hidden = event.target.value === "excluded";
    if (!hours.hidden) hours.focus();
  });
})();
