// Handing over: ATMIST to read out, and a code to scan that does not say who it is.

import { get } from "./ask.js";
import { by, element, setText } from "./dom.js";
import { closeSheet, openSheet } from "./sheets.js";

const SHOWN_MS = 90_000;

export async function showHandover() {
  try {
    const told = await get("/handover");
    setText(by("handover-who"), [told.name, told.nhs_number].filter(Boolean).join(" \u00b7 ") || "Name not told");
    by("atmist").replaceChildren(
      ...told.lines.flatMap(([head, text]) => [element("dt", head), element("dd", text || "not told", text ? "" : "empty")]),
    );
  } catch (problem) {
    setText(by("handover-who"), problem.message);
  }
}

export function connectHandover() {
  by("show-code").addEventListener("click", () => {
    const picture = element("img", "", "code", { src: `/handover.svg?${Date.now()}`, alt: "QR code of the handover" });
    let timer = 0;
    openSheet(
      "Scan to take over",
      [picture, element("p", "It holds the encounter's reference, age band, sex, signs, treatment and allergies. No name, no number, no date of birth.")],
      () => clearTimeout(timer),
    );
    timer = setTimeout(closeSheet, SHOWN_MS);
  });
}
