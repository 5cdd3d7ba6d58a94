// A hospital's script on fhir-kit-client: discovers the server, searches, follows pages.
// Usage: node fhir_kit_reader.mjs JSON; prints one JSON line of what it saw.
import { Client } from "fhir-kit-client";

const wanted = JSON.parse(process.argv[2]);
const client = new Client({ baseUrl: wanted.base, bearerToken: wanted.token });

const statement = await client.capabilityStatement();
const smart = await client.smartAuthMetadata();
const encounter = await client.read({ resourceType: "Encounter", id: wanted.encounter });
const version = await client.vread({
  resourceType: "Encounter", id: wanted.encounter, version: encounter.meta.versionId,
});
const history = await client.resourceHistory({ resourceType: "Encounter", id: wanted.encounter });

const readings = [];
let bundle = await client.search({
  resourceType: "Observation",
  searchParams: { encounter: wanted.encounter, _count: 25 },
});
while (bundle) {
  readings.push(...(bundle.entry ?? []).map((entry) => entry.resource.id));
  bundle = await client.nextPage({ bundle });
}
const posted = await client.search({
  resourceType: "Observation",
  searchParams: { encounter: wanted.encounter, code: "http://loinc.org|2708-6", _sort: "-date", _count: 3 },
  options: { postSearch: true },
});
const whole = await client.operation({
  name: "$everything", resourceType: "Encounter", id: wanted.encounter, method: "get",
});
let absent;
try {
  await client.read({ resourceType: "Encounter", id: "00000000-0000-4000-8000-000000000000" });
} catch (failure) {
  absent = failure.response.data.issue[0].code;
}
console.log(JSON.stringify({
  fhir: statement.fhirVersion,
  types: statement.rest[0].resource.map((one) => one.type),
  token: smart.tokenUrl.href,
  status: encounter.status,
  same: JSON.stringify(version) === JSON.stringify(encounter),
  versions: history.total,
  readings: readings.sort(),
  newest: posted.entry.map((entry) => entry.resource.effectiveDateTime),
  whole: [...new Set(whole.entry.map((entry) => entry.resource.resourceType))].sort(),
  absent,
}));
