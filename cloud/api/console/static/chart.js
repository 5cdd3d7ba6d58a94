// One chart on a canvas: axis, lines with their gaps, pressures as bars, events, a cursor.

import { timeOfDay } from "./clock.js";

const FONT = "12px system-ui, sans-serif";
const MARKED = { critical: "critical", therapy: "shock", good: "heart", warning: "warning" };

/** Draw; the values in view, or under the cursor, in words. */
export function drawChart(canvas, chart) {
  const context = prepare(canvas);
  if (!context) return "";
  const { from, to } = chart;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  const plot = { left: 34, right: width - 6, top: 8, bottom: height - 18 };
  canvas.plot = plot;
  const [low, high] = rangeOf(chart);
  const x = (at) => plot.left + ((at - from) / (to - from)) * (plot.right - plot.left);
  const y = (value) => plot.bottom - ((Math.max(low, Math.min(high, value)) - low) / (high - low)) * (plot.bottom - plot.top);
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(`--${name}`).trim();
  axes(context, { plot, from, to, low, high, x, y, colour });
  for (const line of chart.lines) gaps(context, line.points, chart, { plot, x, colour });
  for (const event of chart.events) mark(context, event, { plot, from, to, x, colour });
  for (const line of chart.lines) trace(context, line, chart, { x, y, colour });
  if (chart.pressures.length) bars(context, chart.pressures, { from, to, x, y, ink: colour("pressure") });
  if (chart.cursor !== null) cursorLine(context, x(chart.cursor), plot, colour("text"));
  return words(chart);
}

function prepare(canvas) {
  const ratio = Math.min(2, window.devicePixelRatio || 1);
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  if (!width || !height) return null;
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
  }
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
}

/** The usual range, wider where values lie outside: nothing is cut off silently. */
function rangeOf({ range, lines, pressures, from }) {
  let [low, high] = range;
  const step = (high - low) / 4;
  const values = lines.flatMap((line) => line.points.filter(([at]) => at * 1000 >= from).map(([, value]) => value));
  for (const one of pressures) values.push(one.systolic, one.diastolic);
  for (const value of values) {
    while (value > high) high += step;
    while (value < low) low -= step;
  }
  return [low, high];
}

function axes(context, { plot, from, to, low, high, x, y, colour }) {
  context.font = FONT;
  context.lineWidth = 1;
  context.fillStyle = colour("text-soft");
  context.strokeStyle = colour("line");
  context.textAlign = "right";
  context.textBaseline = "middle";
  for (const value of [low, (low + high) / 2, high]) {
    context.fillText(String(Math.round(value * 10) / 10), plot.left - 5, y(value));
    stroke(context, plot.left, Math.round(y(value)) + 0.5, plot.right, Math.round(y(value)) + 0.5);
  }
  context.textBaseline = "alphabetic";
  for (const [part, align] of [[0, "left"], [0.5, "center"], [1, "right"]]) {
    const at = from + (to - from) * part;
    context.textAlign = align;
    context.fillText(timeOfDay(at).slice(0, 5), x(at), plot.bottom + 14);
  }
}

function visible(points, from) {
  let first = points.findIndex(([at]) => at * 1000 >= from);
  if (first < 0) return [];
  return points.slice(Math.max(0, first - 1));
}

/** Where no value came for longer than it should: hatched lightly, never bridged. */
function gaps(context, points, { from, to, gap, lines }, { plot, x, colour }) {
  if (lines.length > 1 && points !== lines[0].points) return;
  const seen = visible(points, from);
  context.fillStyle = colour("hatch-ground");
  const shade = (start, end) => {
    const left = Math.max(plot.left, x(start));
    const right = Math.min(plot.right, x(end));
    if (right > left) context.fillRect(left, plot.top, right - left, plot.bottom - plot.top);
  };
  for (let place = 1; place < seen.length; place++) {
    const [before, after] = [seen[place - 1][0], seen[place][0]];
    if (after - before > gap) shade(before * 1000, after * 1000);
  }
  const last = seen.at(-1)?.[0];
  if (last && to / 1000 - last > gap) shade(last * 1000, to);
}

function trace(context, line, { from, gap }, { x, y, colour }) {
  context.strokeStyle = context.fillStyle = colour(line.colour);
  context.lineWidth = 2;
  context.lineJoin = "round";
  context.beginPath();
  let last = -Infinity;
  for (const [seconds, value] of line.points) {
    const at = seconds * 1000;
    if (at < from) continue;
    if (seconds - last > gap) {
      context.moveTo(x(at), y(value));
      context.fillRect(x(at) - 1.5, y(value) - 1.5, 3, 3);
    } else context.lineTo(x(at), y(value));
    last = seconds;
  }
  context.stroke();
}

function bars(context, pressures, { from, to, x, y, ink }) {
  context.fillStyle = ink;
  for (const one of pressures) {
    const at = one.at * 1000;
    if (at < from || at > to) continue;
    const [top, low] = [y(one.systolic), y(one.diastolic)];
    context.fillRect(x(at) - 1, top, 2, Math.max(2, low - top));
    context.fillRect(x(at) - 5, top - 1, 10, 2);
    context.fillRect(x(at) - 5, low - 1, 10, 2);
    if (one.mean) context.fillRect(x(at) - 3, y(one.mean) - 1.5, 6, 3);
  }
}

function mark(context, event, { plot, from, to, x, colour }) {
  const at = Date.parse(event.at);
  const name = MARKED[event.severity];
  if (!name || event.undone || at < from || at > to) return;
  context.strokeStyle = context.fillStyle = colour(name);
  context.lineWidth = 1;
  context.setLineDash([3, 3]);
  stroke(context, x(at), plot.top, x(at), plot.bottom);
  context.setLineDash([]);
  context.beginPath();
  context.moveTo(x(at) - 4, plot.top - 7);
  context.lineTo(x(at) + 4, plot.top - 7);
  context.lineTo(x(at), plot.top);
  context.fill();
}

function cursorLine(context, at, plot, ink) {
  context.strokeStyle = ink;
  context.lineWidth = 1;
  stroke(context, at, plot.top, at, plot.bottom);
}

function stroke(context, fromX, fromY, toX, toY) {
  context.beginPath();
  context.moveTo(fromX, fromY);
  context.lineTo(toX, toY);
  context.stroke();
}

/** Under the cursor: the values nearest to it. Without one: the newest. */
function words({ lines, pressures, cursor, from, to, gap, events }) {
  const at = (cursor ?? to) / 1000;
  const parts = [];
  for (const line of lines) {
    const near = nearest(line.points.map(([seconds, value]) => ({ at: seconds, text: value })), at);
    if (!near || (cursor === null && near.at * 1000 < from)) continue;
    const value = `${line.name} ${Math.round(near.text * 10) / 10}`;
    if (cursor === null) parts.push(value);
    else parts.push(Math.abs(near.at - at) > Math.max(gap, (to - from) / 60_000) ? `${line.name}: no value` : value);
  }
  const cuff = nearest(pressures, at);
  if (cuff) parts.push(`${Math.round(cuff.systolic)}/${Math.round(cuff.diastolic)} at ${timeOfDay(cuff.at * 1000)}`);
  if (cursor === null) return parts.join(" \u00b7 ");
  const close = events.filter((event) => Math.abs(Date.parse(event.at) - cursor) < (to - from) / 80 && MARKED[event.severity]);
  return [timeOfDay(cursor), ...parts, ...close.map((event) => event.text)].join(" \u00b7 ");
}

function nearest(points, at) {
  let found = null;
  for (const point of points) if (!found || Math.abs(point.at - at) <= Math.abs(found.at - at)) found = point;
  return found;
}
