// The journal of one load follows it: counters in place, new log lines on top. When it is over, the page is final.
"use strict";

const batch = document.getElementById("batch");
const log = document.getElementById("log");

function newest() {
  return log.firstElementChild ? log.firstElementChild.dataset.id : 0;
}

function show(body) {
  const state = document.getElementById("state");
  acm.put(state, body.state);
  state.className = `state is-${body.state_class}`;
  document.getElementById("share").setAttribute("width", body.share);
  acm.put(document.getElementById("share-text"), body.share_text);
  acm.put(document.getElementById("finished"), body.finished_at || "—");
  for (const counter of document.querySelectorAll("[data-counter]")) acm.put(counter, acm.number(body.counters[counter.dataset.counter]));
  for (const line of [...body.log].reverse()) {
    if (Number(line.id) <= Number(newest())) continue;
    const row = document.createElement("tr");
    row.dataset.id = line.id;
    for (const [kind, text] of [["", line.at], [`level level-${line.level}`, line.level], ["wrap", line.message]]) {
      const cell = row.insertCell();
      cell.className = kind;
      cell.textContent = text;
    }
    log.prepend(row);
  }
  if (log.firstElementChild) document.getElementById("waiting")?.remove();
  if (body.is_over) location.reload();
}

if (batch.dataset.over === "0") acm.live(() => `${batch.dataset.url}?after=${newest()}`, 1, show, (body) => body.is_over);
