// All campaigns, live: cells change in place, rows never move; a new campaign or a gone one reloads the page.
"use strict";

const overview = document.getElementById("overview");
if (overview) {
  const samples = document.getElementById("states").content;
  const sample = (name) => samples.querySelector(`[data-for="${CSS.escape(name)}"]`);
  const rows = new Map([...overview.querySelectorAll("[data-row]")].map((row) => [row.dataset.row, row]));

  acm.live(overview.dataset.url, 3, (body) => {
    if (body.campaigns.length !== rows.size || body.campaigns.some((one) => !rows.has(String(one.campaign_id)))) {
      location.reload();
      return;
    }
    for (const campaign of body.campaigns) {
      const row = rows.get(String(campaign.campaign_id));
      for (const cell of row.querySelectorAll("[data-field]")) acm.put(cell, acm.number(campaign[cell.dataset.field]));
      const share = campaign.queue_depth ? Math.min(100, (100 * campaign.records_out) / campaign.queue_depth) : 0;
      row.querySelector("[data-meter]").setAttribute("width", share.toFixed(1));
      exchange(row.querySelector("[data-state]"), "state", String(campaign.state_id));
      exchange(row.querySelector("[data-dialer]"), "dialer", campaign.dialer_state);
    }
    for (const total of document.querySelectorAll("[data-total]")) acm.put(total, acm.number(body.totals[total.dataset.total]));
  });

  function exchange(cell, kind, value) {
    if (cell.dataset[kind] === value) return;
    cell.dataset[kind] = value;
    const shown = sample(`${kind}-${value}`);
    if (shown) cell.replaceChildren(...shown.cloneNode(true).childNodes);
    else cell.textContent = value;
  }
}
