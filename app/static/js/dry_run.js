// A dry run of the whole file is followed; when it is over the page shows what it found. A meaning chosen for a column
// applies at once.
"use strict";

document.addEventListener("change", (event) => {
  if (event.target.matches("select.is-meaning")) event.target.form.requestSubmit();
});

const checked = document.getElementById("checked");
if (checked && checked.dataset.over === "0") {
  acm.live(checked.dataset.url, 0.5, (body) => {
    document.getElementById("share").setAttribute("width", body.share);
    acm.put(document.getElementById("share-text"), body.share_text);
    for (const cell of checked.querySelectorAll("[data-found]")) acm.put(cell, acm.number(body[cell.dataset.found]));
    if (body.is_over) location.reload();
  }, (body) => body.is_over);
}
