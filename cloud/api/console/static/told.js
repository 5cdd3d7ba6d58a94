// What people told: medications, procedures, findings, allergies, the pre-alert.

import { timeOfDay } from "./clock.js";
import { by, element, setText } from "./dom.js";

export function showRecord(record) {
  list("medications", record.medications);
  list("procedures", record.procedures);
  const story = record.narrative ? [{ id: "narrative", at: record.narrative_at, text: record.narrative }] : [];
  list("findings", [...record.vitals, ...record.impressions, ...record.notes, ...story]);
  list("background", [...record.allergies, ...record.history]);
  const alert = record.pre_alert;
  by("pre-alert").hidden = !alert;
  if (alert) setText(by("pre-alert"), alertWords(alert.at, alert));
}

/** The pre-alert in a line: its words where they may be read. */
export function alertWords(at, alert) {
  const text = alert?.text ? `: ${alert.text.replace(/[.\s]+$/, "")}.` : "";
  const wishes = alert?.resources.length ? ` Asked for: ${alert.resources.join(", ")}.` : "";
  return `Pre-alert ${timeOfDay(Date.parse(at)).slice(0, 5)}${text}${wishes}`;
}

function list(id, items) {
  const rows = [...items].sort((a, b) => Date.parse(b.at) - Date.parse(a.at)).map(row);
  by(id).replaceChildren(...rows);
  by(`${id}-empty`).hidden = rows.length > 0;
}

function row(item) {
  const made = element("li", "", "told-item");
  const time = element("time", timeOfDay(Date.parse(item.at)));
  time.dateTime = item.at;
  const words = element("span", item.text);
  made.append(time, words);
  if (item.dose) words.append(" ", element("b", item.dose));
  const notes = [item.absent, item.before && "before arrival", item.detail].filter(Boolean);
  if (notes.length) made.append(element("span", notes.join(" \u00b7 "), "told-note"));
  if (item.absent) made.dataset.absent = "true";
  return made;
}
