// The head of the patient's page and the banner.

import { elapsed, timeOfDay } from "./clock.js";
import { by, element, setAttribute, setText } from "./dom.js";
import { etaWords } from "./eta.js";

export class Head {
  encounter = null;
  identity = null; // who it is, for whom it is told
  ended = 0; // when the patient was handed over, or 0

  show(encounter) {
    this.encounter = encounter;
    this.ended = encounter.handover_at ? Date.parse(encounter.handover_at) : 0;
    setText(by("vehicle"), encounter.vehicle);
    document.title = `${encounter.vehicle} \u00b7 Vitalwire hospital board`;
    const facts = [
      ["Patient", this.identity ? `${this.identity.name}${encounter.patient ? ` (${encounter.patient})` : ""}` : encounter.patient],
      ["Born", this.identity?.birth_date],
      ["NHS number", this.identity?.nhs_number],
      ["Complaint", encounter.complaint],
      ["Destination", encounter.destination],
      ["Incident", encounter.incident],
      ["Crew", encounter.crew.join(", ") || "not told"],
      ["Care", encounter.care_model],
      ["State", encounter.status],
    ];
    const pairs = [pair(this.ended ? "Handed over" : "With patient", this.ended ? timeOfDay(this.ended) : "-", "elapsed")];
    for (const [name, value] of facts) if (value) pairs.push(pair(name, value, `fact-${name.toLowerCase().replace(" ", "-")}`));
    by("facts").replaceChildren(...pairs);
    this.age();
  }

  identify(identity) {
    this.identity = identity;
    if (this.encounter) this.show(this.encounter);
  }

  acuity(acuity) {
    setAttribute(by("acuity"), "data-severity", acuity.severity);
    setText(by("acuity-title"), acuity.title);
    setText(by("acuity-text"), acuity.at ? `since ${timeOfDay(Date.parse(acuity.at))}` : "");
  }

  age() {
    if (!this.encounter) return;
    if (!this.ended) setText(by("elapsed"), elapsed(Date.parse(this.encounter.started_at)));
    const words = this.ended ? { text: "", state: "none" } : etaWords(this.encounter.eta_at);
    setText(by("eta"), words.text);
    setAttribute(by("eta"), "data-state", words.state);
  }
}

function pair(name, value, id) {
  const made = element("div");
  const worth = element("dd", value);
  worth.id = id;
  made.append(element("dt", name), worth);
  return made;
}
