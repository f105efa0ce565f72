// Who ticks a group means that the campaign is limited to groups.
"use strict";

document.getElementById("who").addEventListener("change", (event) => {
  if (event.target.matches("[data-group]") && event.target.checked) document.querySelector('[name="who"][value="groups"]').checked = true;
});
