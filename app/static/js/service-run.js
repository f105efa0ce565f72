// The page of one run follows it: progress, counts, new lines of the log on top. When it is over, the page is final.
"use strict";

(() => {
  const page = document.getElementById("run");
  const log = document.getElementById("log");
  const part = (name) => page.querySelector(`[data-live=${name}]`);
  let wasQueued = document.getElementById("cancel") !== null;

  function showCounts(counts) {
    const tiles = part("counts");
    part("no-counts").hidden = counts.length > 0;
    while (tiles.children.length < counts.length) {
      const tile = document.createElement("div");
      tile.className = "tile";
      for (const name of ["tile-name first-upper", "tile-value"]) {
        const line = document.createElement("div");
        line.className = name;
        tile.append(line);
      }
      tiles.append(tile);
    }
    counts.forEach((count, place) => {
      acm.put(tiles.children[place].children[0], count.name);
      acm.put(tiles.children[place].children[1], acm.number(count.value));
    });
  }

  // The log only grows, at its newest end; the last line may have got more text.
  function showLog(lines) {
    document.getElementById("no-log").hidden = lines.length > 0;
    while (log.rows.length < lines.length) {
      const row = log.insertRow(0);
      for (let place = 0; place < 3; place += 1) row.insertCell();
    }
    lines.forEach((line, place) => {
      const cells = log.rows[place].cells;
      [["", line.at], [`level level-${line.level}`, line.level], ["wrap", line.message]].forEach(([kind, text], column) => {
        cells[column].className = kind;
        acm.put(cells[column], text);
      });
    });
  }

  function show(body) {
    for (const name of ["started_at", "finished_at", "duration", "heartbeat_at", "worker"]) acm.put(part(name), body[name] || "—");
    for (const name of ["state", "progress", "waits"]) acm.put(part(name), body[name]);
    part("state").className = `state is-${body.state_class}`;
    part("share").setAttribute("width", body.share);
    part("error").hidden = !body.error;
    acm.put(part("error").querySelector("[data-text]"), body.error);
    showCounts(body.counts);
    showLog(body.log);
    if (wasQueued && !body.is_queued) { document.getElementById("cancel").remove(); wasQueued = false; }
    if (body.is_over) location.reload(); // the attempts that follow stand on the page that the server makes
  }

  if (page.dataset.over === "0") acm.live(page.dataset.url, 1, show, (body) => body.is_over);
})();
