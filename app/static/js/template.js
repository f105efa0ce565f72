// A click on a placeholder puts it into the template, after a separator where one is needed.
"use strict";

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-insert]");
  if (!button) return;
  const area = document.getElementById(button.closest("[data-target]").dataset.target);
  const before = area.value.slice(0, area.selectionStart);
  const after = area.value.slice(area.selectionEnd);
  const separator = (area.value.match(/\}([^$]+)\$\{/) || [])[1] || ";";
  const text = (before.trimEnd().endsWith("}") ? separator : "") + button.dataset.insert + (after.trimStart().startsWith("${") ? separator : "");
  area.setRangeText(text, area.selectionStart, area.selectionEnd, "end");
  area.focus();
});
