// Who it is and what no device measures.

import { post } from "./ask.js";
import { ago } from "./clock.js";
import { by, newId, press, setAttribute, setText } from "./dom.js";

const form = by("patient-form");
const FIELDS = ["nhs_number", "family_name", "given_name", "born", "age_years", "complaint", "mechanism", "injuries", "allergies"];
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

  function connectChoice(id, change) {
    for (const button of by(id).querySelectorAll("button")) {
      button.addEventListener("click", async () => {
        const { consciousness = null, on_oxygen = null, scale = 1 } = assessment;
        try {
          await post("/assessment", { consciousness, on_oxygen, scale, ...change(button.dataset.value) });
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
  setText(by("assessment-age"), told.at ? `told ${ago(Date.parse(told.at))}` : "nothing told yet");
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
