// At the station what waits for a cheap way goes up: whether the vehicle is there, and the buttons.

import { post } from "./ask.js";
import { timeOfDay } from "./clock.js";
import { say } from "./deeds.js";
import { by, setText } from "./dom.js";

/** None where it makes no difference to what is sent. */
export function showStation(station) {
  by("station").hidden = !station;
  if (!station) return;
  const until = station.until ? `, at the latest ${timeOfDay(Date.parse(station.until), { seconds: false })}` : "";
  setText(by("station-words"), `${station.words[0].toUpperCase()}${station.words.slice(1)}${until}.`);
  by("station-here").hidden = station.is_here;
  by("station-left").hidden = !station.is_here;
}

function tell(is_here, words) {
  post("/station", { is_here })
    .then(() => say(words))
    .catch((problem) => say(`NOT DONE. ${problem.message}`));
}

export function connectStation() {
  by("station-here").addEventListener("click", () => tell(true, "At the station: curves go up too"));
  by("station-left").addEventListener("click", () => tell(false, "Left the station: curves wait"));
}
