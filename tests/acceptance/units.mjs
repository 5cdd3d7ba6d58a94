// Judges UCUM codes by the reference grammar and tables of UCUM itself.
// Usage: node units.mjs FILE...; prints one JSON line: {file: [problem, ...]}.
import { readFileSync } from "node:fs";
import ucum from "@lhncbc/ucum-lhc";

const UCUM = "http://unitsofmeasure.org";
const utilities = ucum.UcumLhcUtils.getInstance();

function* codes(value) {
  if (Array.isArray(value)) for (const item of value) yield* codes(item);
  else if (value && typeof value === "object") {
    if (value.system === UCUM) yield value.code;
    for (const item of Object.values(value)) yield* codes(item);
  }
}

const answer = {};
for (const file of process.argv.slice(2)) {
  const found = new Set(codes(JSON.parse(readFileSync(file, "utf8"))));
  answer[file] = [...found]
    .filter((code) => utilities.validateUnitString(code).status !== "valid")
    .map((code) => `${code} is no UCUM code`);
}
console.log(JSON.stringify(answer));
