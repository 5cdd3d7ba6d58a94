// Who it is and what no device measures.

import { post } from "./ask.js";
import { ago, now } from "./clock.js";
import { by, newId, press, setAttribute, setText } from "./dom.js";

const form = by("patient-form");
const FIELDS = ["nhs_number", "family_name", "given_name", "born", "age_years", "complaint", "mechanism", "injuries", "allergies"];
const OLD_MS = 30 * 60_000; // as the gateway counts
let sex = "";
let dirty = false;
let assessment = {};

/** Weights 10 to 2, eleven less the remainder: the gateway checks it again. */
export function isNhsNumber(text) {
  const digits = text.replace(/[ -]/g, "");
  if (!/^\d{10}$/.test(digits)) return false;
  const total = [...digits.slice(0, 9)].reduce((sum, digit, place) => sum + Number(digit) * (10 - place), 0);
  return (11 - (total % 11)) % 11 === Number(digits[9]);
}

/**
 * The NHS number in a scanned text: bare, or in a wristband's GS1 code (8018 is a person's own
 * number, the NHS number stands in another element). "" when there is none whose check digit fits.
 */
export function nhsNumberIn(text) {
  if (isNhsNumber(text)) return text;
  if (!isPerson(text)) return "";
  const own = text.replace(/^(\]d2)?\x1d?(\(8018\)|8018)\d{18}/, "");
  const groups = own.split(/[^0-9]+/).flatMap((digits) => [digits, digits.slice(2)]);
  return groups.find((digits) => isNhsNumber(digits)) ?? "";
}

/** A wristband's or a badge's code: never a device. */
export function isPerson(text) {
  return /^(\]d2)?\x1d?(\(8018\)|8018\d{18})/.test(text);
}

export function connectPatient(say) {
  form.addEventListener("input", () => {
    dirty = true;
    hint();
  });
  for (const button of form.querySelectorAll('[data-name="sex"] button')) {
    button.addEventListener("click", () => {
      sex = sex === button.dataset.value ? "" : button.dataset.value;
      dirty = true;
      showSex();
    });
  }
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const body = { id: newId(), sex };
    for (const name of FIELDS) body[name] = form.elements[name].value.trim();
    body.age_years = body.age_years === "" ? null : Number(body.age_years);
    if (Number.isNaN(body.age_years)) return tell("The age is a number of years.", true);
    try {
      await post("/patient", body);
      dirty = false;
      tell("Saved on board.", false);
    } catch (problem) {
      tell(problem.message, true);
    }
  });
  connectChoice("consciousness", (value) => ({ consciousness: value }));
  connectChoice("oxygen", (value) => ({ on_oxygen: value === "true" }));
  connectChoice("scale", (value) => ({ scale: Number(value) }));
  connectChoice("pregnant", (value) => ({ is_pregnant: value === "true" }));

  function connectChoice(id, change) {
    for (const button of by(id).querySelectorAll("button")) {
      button.addEventListener("click", async () => {
        try {
          // This answer alone: the others keep the time they were told at.
          await post("/assessment", change(button.dataset.value));
        } catch (problem) {
          say(`NOT SAVED. ${problem.message}`);
        }
      });
    }
  }
}

/** The gateway's state; what is being typed is not overwritten. */
export function showPatient(patient) {
  if (dirty || form.contains(document.activeElement)) return;
  for (const name of FIELDS) form.elements[name].value = patient[name] ?? "";
  sex = patient.sex ?? "";
  showSex();
  hint();
}

export function clearPatient() {
  dirty = false;
  if (form.contains(document.activeElement)) document.activeElement.blur();
  tell("", false);
}

export function showAssessment(told) {
  assessment = told;
  press(by("consciousness").children, (one) => one.dataset.value === told.consciousness);
  press(by("oxygen").children, (one) => one.dataset.value === String(told.on_oxygen));
  press(by("scale").children, (one) => one.dataset.value === String(told.scale));
  press(by("pregnant").children, (one) => one.dataset.value === String(told.is_pregnant));
  ageAssessment();
}

/** How old each answer is; an old one counts as missing. */
export function ageAssessment() {
  const answers = [["consciousness", "consciousness_at"], ["air or oxygen", "on_oxygen_at"]];
  const told = answers.filter(([, key]) => assessment[key]);
  const words = told.map(([name, key]) => {
    const at = Date.parse(assessment[key]);
    return `${name} told ${ago(at)}${now() - at > OLD_MS ? ": tell again" : ""}`;
  });
  setText(by("assessment-age"), words.join(" \u00b7 ") || "nothing told yet");
}

/** A scanned number. */
export function takeNumber(text) {
  form.elements.nhs_number.value = text;
  dirty = true;
  hint();
}

function hint() {
  const text = form.elements.nhs_number.value.trim();
  const good = isNhsNumber(text);
  setText(by("nhs-hint"), text ? (good ? "check digit fits" : "check digit does not fit") : "");
  setAttribute(by("nhs-hint"), "data-state", good ? "good" : "bad");
}

function showSex() {
  press(form.querySelectorAll('[data-name="sex"] button'), (one) => one.dataset.value === sex);
}

function tell(words, wrong) {
  setText(by("patient-words"), words);
  setAttribute(by("patient-words"), "data-wrong", String(wrong));
}
