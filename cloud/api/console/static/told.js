// What people told: medications, procedures, findings, allergies, the pre-alert.

import { timeOfDay } from "./clock.js";
import { by, element, setText } from "./dom.js";

export function showRecord(record) {
  list("medications", record.medications);
  list("procedures", record.procedures);
  list("findings", [...record.vitals, ...record.impressions, ...record.notes]);
  list("background", [...record.allergies, ...record.history]);
  const alert = record.pre_alert;
  by("pre-alert").hidden = !alert;
  if (alert) setText(by("pre-alert"), `Pre-alert ${timeOfDay(Date.parse(alert.at))}${alert.text ? `: ${alert.text}` : ""}`);
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
  const notes = [item.absent && `not done: ${item.absent}`, item.before && "before arrival", item.detail].filter(Boolean);
  if (notes.length) made.append(element("span", notes.join(" \u00b7 "), "told-note"));
  if (item.absent) made.dataset.absent = "true";
  return made;
}
