// Waits until the load has its journal, and goes there; or tells why there is none.
"use strict";

const started = document.getElementById("started");
acm.live(started.dataset.url, 0.5, (body) => {
  if (body.journal) { location.replace(body.journal); return; }
  if (!body.error) return;
  started.querySelector(".loading").hidden = true;
  const failed = started.querySelector(".empty");
  failed.hidden = false;
  acm.put(failed.querySelector("[data-error]"), body.error);
  acm.put(failed.querySelector("[data-hint]"), body.hint);
}, (body) => Boolean(body.journal || body.error));
