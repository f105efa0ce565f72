// Rows of a dictionary: switched at once, moved by their grip or by arrows. Without scripts the arrows are forms that work.
"use strict";

(() => {
  const body = document.querySelector("#dictionary tbody");
  if (!body) return;
  const said = document.querySelector("[data-said]");

  // -- switches
  document.addEventListener("switched", (event) => {
    const toggle = event.target;
    for (const row of [toggle.closest("tr"), ...(toggle.checked ? [] : leavesOf(toggle.closest("tr")))]) {
      row.classList.toggle("is-disabled", !toggle.checked);
      row.querySelector("[data-switch]").checked = toggle.checked;
    }
  });

  // -- the order. A row of the first level moves with its leaves.
  const leavesOf = (row) => [...body.querySelectorAll(`tr[data-parent="${row.dataset.row}"]`)];
  const isLeaf = (row) => row.dataset.parent !== "";
  const siblingsOf = (row) => [...body.children].filter((one) => one.dataset.parent === row.dataset.parent);
  const lastOf = (row) => leavesOf(row).at(-1) || row;

  function put(row, leaves, before, behind) {
    if (before) before.before(row); else behind.after(row);
    row.after(...leaves);
  }

  async function keep(row, back) {
    const siblings = siblingsOf(row);
    const at = siblings.indexOf(row);
    const before = siblings[at + 1];
    try {
      await acm.ask(row.querySelector("form[data-move]").action, {
        method: "POST", headers: { "Content-Type": "application/json" },
        body: JSON.stringify({
          parent: row.dataset.parent ? Number(row.dataset.parent) : null,
          before: before ? Number(before.dataset.row) : null,
        }),
      });
      acm.put(said, `${row.querySelector(".row-name").textContent.trim()}: ${at + 1}`);
      return true;
    } catch (error) {
      back();
      acm.tell(error.message);
      return false;
    }
  }

  // Puts everything back as it was: the order of the rows, and whose leaf the row is.
  function memory(row) {
    const order = [...body.children];
    const parent = row.dataset.parent;
    return () => { body.append(...order); row.dataset.parent = parent; };
  }

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("form[data-move]")) return;
    event.preventDefault();
    event.stopPropagation();
    const row = form.closest("tr");
    const siblings = siblingsOf(row);
    const at = siblings.indexOf(row);
    const other = siblings[at + Number(event.submitter.value)];
    if (!other) return;
    const back = memory(row);
    if (event.submitter.value === "-1") put(row, leavesOf(row), other, null);
    else put(row, leavesOf(row), null, lastOf(other));
    event.submitter.focus();
    keep(row, back);
  }, true);

  let dragged = null;
  let parent = "";
  let back = null;
  body.addEventListener("dragstart", (event) => {
    if (!event.target.closest?.(".grip")) return;
    dragged = event.target.closest("tr");
    back = memory(dragged);
    parent = dragged.dataset.parent;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", dragged.dataset.row);
    event.dataTransfer.setDragImage(dragged, 10, 10);
    dragged.classList.add("is-dragged");
  });
  body.addEventListener("dragover", (event) => {
    if (!dragged) return;
    event.preventDefault();
    const over = event.target.closest("tr");
    if (!over || over === dragged || over.dataset.parent === dragged.dataset.row) return;
    const box = over.getBoundingClientRect();
    const isBelow = event.clientY > box.top + box.height / 2;
    if (!isLeaf(dragged)) {
      const top = isLeaf(over) ? body.querySelector(`tr[data-row="${over.dataset.parent}"]`) : over;
      if (isBelow) put(dragged, leavesOf(dragged), null, lastOf(top)); else put(dragged, leavesOf(dragged), top, null);
    } else if (isLeaf(over)) {
      dragged.dataset.parent = over.dataset.parent;
      if (isBelow) over.after(dragged); else over.before(dragged);
    } else if (isBelow) {
      dragged.dataset.parent = over.dataset.row;
      over.after(dragged);
    }
  });
  body.addEventListener("drop", (event) => event.preventDefault());
  body.addEventListener("dragend", async (event) => {
    if (!dragged) return;
    const row = dragged;
    dragged = null;
    row.classList.remove("is-dragged");
    if (event.dataTransfer.dropEffect === "none") { back(); return; }
    // What the page says of two parents is made by the server.
    if (await keep(row, back) && row.dataset.parent !== parent) location.reload();
  });
})();
