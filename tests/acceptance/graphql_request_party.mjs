// A client on graphql-request: runs the operations it is told and tells what came of each.
// One JSON object in the first argument: the address, the headers, and the calls.
import { GraphQLClient } from "graphql-request";

const wanted = JSON.parse(process.argv[2]);
const client = new GraphQLClient(wanted.url, { headers: wanted.headers, errorPolicy: wanted.errorPolicy ?? "none" });
const told = [];
for (const { query, variables } of wanted.calls) {
  try {
    told.push({ data: await client.request(query, variables) });
  } catch (error) {
    const { status, errors, data } = error.response ?? {};
    told.push({ status, data, code: errors?.[0]?.extensions?.code, error: String(error).slice(0, 200) });
  }
}
console.log(JSON.stringify(told));
