// How the numbers went.

import { now, timeOfDay } from "./clock.js";
import { by, element, setAttribute } from "./dom.js";

const CHARTS = [
  { name: "HR /min", colour: "heart", keys: ["hr"], range: [0, 200] },
  { name: "SpO\u2082 %", colour: "oxygen", keys: ["spo2"], range: [60, 100] },
  { name: "NIBP mmHg", colour: "pressure", keys: [], range: [20, 220] },
  { name: "etCO\u2082 mmHg", colour: "carbon", keys: ["etco2"], range: [0, 80] },
  { name: "RR /min", colour: "carbon", keys: ["rr"], range: [0, 50] },
];
const MMHG_IN_KPA = 7.50062;
let minutes = 30;
let points = {};
let pressures = [];

export function connectTrends() {
  for (const chart of CHARTS) {
    const figure = element("figure", "", "trend");
    const canvas = element("canvas", "", "", { role: "img", "aria-label": `Trend of ${chart.name}` });
    const name = element("p", chart.name);
    name.style.color = `var(--${chart.colour})`;
    figure.append(canvas, name);
    by("trend-charts").append(figure);
    chart.canvas = canvas;
  }
  const choices = document.querySelectorAll("#view-trends [data-minutes]");
  for (const button of choices) {
    button.addEventListener("click", () => {
      minutes = Number(button.dataset.minutes);
      for (const one of choices) setAttribute(one, "aria-pressed", String(one === button));
      drawTrends();
    });
  }
  new ResizeObserver(drawTrends).observe(by("trend-charts"));
}

export function takeTrends(given) {
  points = given;
  drawTrends();
}

export function takePressures(given) {
  pressures = given;
  drawTrends();
}

export function drawTrends() {
  if (by("view-trends").hidden) return;
  const to = now();
  const from = to - minutes * 60_000;
  for (const chart of CHARTS) draw(chart, from, to);
}

function draw(chart, from, to) {
  const { canvas } = chart;
  const ratio = Math.min(2, window.devicePixelRatio || 1);
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  if (!width) return;
  canvas.width = width * ratio;
  canvas.height = height * ratio;
  const context = canvas.getContext("2d");
  context.scale(ratio, ratio);
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(`--${name}`).trim();
  const [low, high] = chart.range;
  const [left, bottom] = [52, height - 22];
  const x = (at) => left + ((at - from) / (to - from)) * (width - left - 10);
  const y = (value) => bottom - ((Math.max(low, Math.min(high, value)) - low) / (high - low)) * (bottom - 12);
  context.font = "13px system-ui, sans-serif";
  context.fillStyle = colour("text-soft");
  context.strokeStyle = colour("line");
  for (const value of [low, (low + high) / 2, high]) {
    context.fillText(String(Math.round(value)), 10, y(value) + 4);
    context.beginPath();
    context.moveTo(left, Math.round(y(value)) + 0.5);
    context.lineTo(width - 10, Math.round(y(value)) + 0.5);
    context.stroke();
  }
  for (let part = 0; height > 60 && part <= 3; part++) {
    const at = from + ((to - from) * part) / 3;
    context.textAlign = part === 0 ? "left" : part === 3 ? "right" : "center";
    context.fillText(timeOfDay(at, { seconds: false }), x(at), height - 6);
  }
  context.textAlign = "left";
  context.strokeStyle = colour(chart.colour);
  context.fillStyle = colour(chart.colour);
  context.lineWidth = 2.5;
  for (const key of chart.keys) line(context, points[key] ?? [], x, y, from);
  if (chart.name.startsWith("NIBP")) bars(context, x, y, from);
}

function line(context, series, x, y, from) {
  context.beginPath();
  let last = -Infinity;
  for (const [seconds, value] of series) {
    const at = seconds * 1000;
    if (at < from) continue;
    if (at - last > 60_000) {
      context.moveTo(x(at), y(value));
      context.fillRect(x(at) - 1.5, y(value) - 1.5, 3, 3);
    } else context.lineTo(x(at), y(value));
    last = at;
  }
  context.stroke();
}

function bars(context, x, y, from) {
  for (const one of pressures) {
    const at = Date.parse(one.at);
    if (at < from || one.systolic === null || one.diastolic === null) continue;
    const factor = one.unit === "kPa" ? MMHG_IN_KPA : 1;
    const [top, low] = [y(one.systolic * factor), y(one.diastolic * factor)];
    context.fillRect(x(at) - 2.5, top, 5, Math.max(2, low - top));
  }
}
