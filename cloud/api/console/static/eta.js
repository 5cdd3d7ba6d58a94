// When the ambulance is expected, counting.

import { now, timeOfDay } from "./clock.js";

/** {text, state}: none, soon (5 min), due, late. */
export function etaWords(eta) {
  if (!eta) return { text: "No ETA told", state: "none" };
  const at = Date.parse(eta);
  const seconds = Math.round((at - now()) / 1000);
  const clock = timeOfDay(at).slice(0, 5);
  if (seconds < -30) {
    const minutes = Math.floor(-seconds / 60);
    return { text: `Late by ${minutes ? `${minutes} min` : `${-seconds} s`} (was due ${clock})`, state: "late" };
  }
  if (seconds <= 0) return { text: `Due now (${clock})`, state: "due" };
  const pad = (number) => String(number).padStart(2, "0");
  const minutes = Math.floor(seconds / 60);
  const count = minutes < 60 ? `${minutes}:${pad(seconds % 60)} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  return { text: `ETA ${clock}, in ${count}`, state: seconds <= 300 ? "soon" : "coming" };
}
