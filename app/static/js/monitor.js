// One campaign, live. Everything has its place before the first answer comes, and changes there.
"use strict";

const monitor = document.getElementById("monitor");
let span = "hour";

// Charts follow the colours of the page. Their tooltips are drawn, not HTML, as the content policy wants.
const charts = {};
function drawn(id, make) {
  const place = document.getElementById(id);
  if (!charts[id]) {
    charts[id] = echarts.init(place, null, { renderer: "canvas" });
    new ResizeObserver(() => charts[id].resize()).observe(place);
  }
  charts[id].setOption(make(place), { notMerge: false });
}

let look = null;
function readLook() {
  look = {
    text: acm.colour("--text"), muted: acm.colour("--muted"), line: acm.colour("--line"), surface: acm.colour("--surface"),
    accent: acm.colour("--accent"), ok: acm.colour("--ok"), strong: acm.colour("--line-strong"),
    font: getComputedStyle(document.body).fontFamily,
  };
}
readLook();
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", readLook);

const tooltip = () => ({
  trigger: "axis", renderMode: "richText", confine: true, backgroundColor: look.surface, borderColor: look.strong,
  textStyle: { color: look.text, fontSize: 12, fontFamily: look.font }, axisPointer: { type: "shadow", shadowStyle: { opacity: 0.12 } },
  valueFormatter: acm.number,
});
const axisText = () => ({ color: look.muted, fontSize: 11, fontFamily: look.font });

function paceOptions(body) {
  return (place) => ({
    animationDuration: 300, textStyle: { fontFamily: look.font }, color: [look.accent, look.ok],
    grid: { left: 44, right: 14, top: 30, bottom: 24 },
    legend: { right: 10, top: 4, itemWidth: 10, itemHeight: 10, textStyle: axisText() },
    tooltip: tooltip(),
    xAxis: { type: "category", data: body.pace_labels, axisLine: { lineStyle: { color: look.line } }, axisTick: { show: false }, axisLabel: { ...axisText(), interval: 9 } },
    yAxis: { type: "value", minInterval: 1, splitLine: { lineStyle: { color: look.line } }, axisLabel: { ...axisText(), formatter: acm.number } },
    series: [
      { name: place.dataset.attempts, type: "bar", barGap: "-100%", barCategoryGap: "25%", itemStyle: { opacity: 0.4 }, data: body.pace.map((one) => one[0]) },
      { name: place.dataset.contacts, type: "bar", data: body.pace.map((one) => one[1]) },
    ],
  });
}

function resultOptions(body) {
  const rows = body.results.slice(0, 9).reverse();
  return (place) => ({
    animationDuration: 300, textStyle: { fontFamily: look.font },
    grid: { left: 8, right: 56, top: 8, bottom: 8, containLabel: true },
    tooltip: tooltip(),
    xAxis: { type: "value", show: false },
    yAxis: { type: "category", data: rows.map((row) => row.name), axisLine: { show: false }, axisTick: { show: false }, axisLabel: { ...axisText(), color: look.text, width: 190, overflow: "truncate" } },
    series: [{
      name: place.dataset.name, type: "bar", barMaxWidth: 14, label: { show: true, position: "right", color: look.text, fontSize: 11, formatter: (item) => acm.number(item.value) },
      data: rows.map((row) => ({ value: row.count, itemStyle: { color: row.is_contact ? look.ok : look.accent, borderRadius: [0, 3, 3, 0] } })),
    }],
  });
}

const states = document.getElementById("states").content;
const share = (part, whole) => (whole ? `${((100 * part) / whole).toLocaleString(acm.texts.language === "en" ? "en-US" : "ru-RU", { minimumFractionDigits: 1, maximumFractionDigits: 1 })} %` : "— %");

function showReasons(reasons) {
  const list = document.getElementById("reasons");
  const shown = [...list.children];
  if (shown.map((item) => item.dataset.reason).join() !== reasons.map((one) => one.code).join()) {
    list.replaceChildren(...reasons.map((one) => {
      const item = document.createElement("li");
      item.dataset.reason = one.code;
      item.append(`${one.name} `, document.createElement("strong"));
      return item;
    }));
  }
  reasons.forEach((one, index) => acm.put(list.children[index].querySelector("strong"), acm.number(one.phones)));
}

function show(body) {
  if (String(body.state_id) !== monitor.dataset.state) { location.reload(); return; }
  for (const element of document.querySelectorAll("[data-live]")) acm.put(element, acm.number(body[element.dataset.live]));
  for (const element of document.querySelectorAll("[data-live-text]")) acm.put(element, body[element.dataset.liveText] || "");
  const full = body.queue_depth ? Math.min(100, (100 * body.records_out) / body.queue_depth) : 0;
  document.getElementById("queue-meter").setAttribute("width", full.toFixed(1));
  acm.put(document.getElementById("contact-share"), body.attempts_hour ? share(body.contacts_hour, body.attempts_hour) : "");
  const clear = document.getElementById("clear");
  if (clear) clear.disabled = !body.records_out;

  const dialer = document.getElementById("dialer-state");
  if (dialer.dataset.state !== (body.dialer_state || "")) {
    dialer.dataset.state = body.dialer_state || "";
    const sample = states.querySelector(`[data-for="${CSS.escape(dialer.dataset.state)}"]`);
    if (sample) dialer.replaceChildren(...sample.cloneNode(true).childNodes);
    else dialer.textContent = body.dialer_state;
  }
  showReasons(body.reasons);
  for (const row of document.querySelectorAll("#statuses [data-status]")) {
    const count = body.statuses[row.dataset.status] || 0;
    acm.put(row.querySelector("[data-count]"), acm.number(count));
    acm.put(row.querySelector("[data-share]"), share(count, body.clients));
    row.querySelector("rect").setAttribute("width", body.clients ? ((100 * count) / body.clients).toFixed(2) : "0");
  }
  const known = document.querySelectorAll("#segments [data-segment]");
  if (known.length !== Object.keys(body.segments).length) { location.reload(); return; }
  for (const row of known) {
    const segment = body.segments[row.dataset.segment];
    if (!segment) continue;
    const toggle = row.querySelector(".toggle");
    if (!toggle.dataset.busy) toggle.checked = segment.is_enabled;
    acm.put(row.querySelector("[data-active]"), acm.number(segment.clients_active));
    acm.put(row.querySelector("[data-clients]"), acm.number(segment.clients));
    const blocked = row.querySelector("[data-blocked]");
    if (segment.is_blocked !== Boolean(blocked.firstElementChild)) {
      blocked.replaceChildren(...(segment.is_blocked ? states.querySelector('[data-for="blocked"]').cloneNode(true).childNodes : []));
    }
  }
  drawn("pace", paceOptions(body));
  document.getElementById("no-results").hidden = body.results.length > 0;
  document.getElementById("results").hidden = body.results.length === 0;
  if (body.results.length) drawn("results", resultOptions(body));
}

acm.live(() => `${monitor.dataset.url}?span=${span}`, 2, show);

document.addEventListener("click", (event) => {
  const chosen = event.target.closest?.("[data-span]");
  if (!chosen) return;
  span = chosen.dataset.span;
  for (const button of document.querySelectorAll("[data-span]")) {
    button.classList.toggle("is-on", button === chosen);
    button.setAttribute("aria-pressed", String(button === chosen));
  }
  acm.ask(`${monitor.dataset.url}?span=${span}`).then(show, () => {});
});
