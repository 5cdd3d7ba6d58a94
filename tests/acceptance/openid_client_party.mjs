// A relying party on openid-client: signs a person in, gets tokens by the ways that are asked for,
// uses and ends them. One JSON object in the first argument says how; the address a browser must
// visit goes out as a line of JSON, the address it comes back to is read as a line.
import * as client from "openid-client";
import { createInterface } from "node:readline";

const wanted = JSON.parse(process.argv[2]);
const metadata = { id_token_signed_response_alg: wanted.id_token_alg ?? "RS256" };
const execute = [client.allowInsecureRequests];

async function authentication() {
  if (wanted.private_jwk) {
    const key = await crypto.subtle.importKey(
      "jwk", wanted.private_jwk, { name: "ECDSA", namedCurve: "P-256" }, false, ["sign"],
    );
    return client.PrivateKeyJwt({ key, kid: wanted.private_jwk.kid });
  }
  return wanted.client_secret ? client.ClientSecretPost(wanted.client_secret) : client.None();
}

async function callback(url) {
  console.log(JSON.stringify({ url: url.href }));
  for await (const line of createInterface({ input: process.stdin })) return new URL(line);
  throw new Error("nobody came back");
}

const config = await client.discovery(
  new URL(wanted.issuer), wanted.client_id, metadata, await authentication(),
  { algorithm: wanted.algorithm ?? "oidc", execute },
);
const options = wanted.dpop
  ? { DPoP: client.getDPoPHandle(config, await client.randomDPoPKeyPair("ES256")) }
  : {};
const told = { endpoints: Object.keys(config.serverMetadata()).length };

if (wanted.grant === "client_credentials") {
  const tokens = await client.clientCredentialsGrant(config, { scope: wanted.scope }, options);
  told.token_type = tokens.token_type;
  told.scope = tokens.scope;
  const answer = await client.fetchProtectedResource(
    config, tokens.access_token, new URL(wanted.resource), "GET", null, undefined, options,
  );
  told.resource = answer.status;
} else {
  const pkceCodeVerifier = client.randomPKCECodeVerifier();
  const state = client.randomState();
  const isOidc = wanted.scope.split(" ").includes("openid");
  const nonce = isOidc ? client.randomNonce() : undefined;
  const parameters = {
    redirect_uri: wanted.redirect_uri,
    scope: wanted.scope,
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: "S256",
    state,
    ...(nonce ? { nonce } : {}),
  };
  const url = wanted.par
    ? await client.buildAuthorizationUrlWithPAR(config, parameters, options)
    : client.buildAuthorizationUrl(config, parameters);
  told.has_request_uri = url.searchParams.has("request_uri");
  const back = await callback(url);
  const checks = { pkceCodeVerifier, expectedState: state, ...(nonce ? { expectedNonce: nonce, idTokenExpected: true } : {}) };
  if (wanted.mix_up) {
    back.searchParams.set("iss", "https://evil.example.test");
  }
  try {
    const tokens = await client.authorizationCodeGrant(config, back, checks, undefined, options);
    told.token_type = tokens.token_type;
    told.scope = tokens.scope;
    told.claims = tokens.claims() ?? null;
    if (wanted.userinfo) {
      told.userinfo = await client.fetchUserInfo(
        config, tokens.access_token, tokens.claims().sub, options,
      );
    }
    if (wanted.resource) {
      const answer = await client.fetchProtectedResource(
        config, tokens.access_token, new URL(wanted.resource), "GET", null, undefined, options,
      );
      told.resource = answer.status;
    }
    const fresh = await client.refreshTokenGrant(config, tokens.refresh_token, undefined, options);
    told.refreshed = fresh.refresh_token !== tokens.refresh_token;
    if (wanted.client_secret || wanted.private_jwk) {
      told.active = (await client.tokenIntrospection(config, fresh.access_token)).active;
    }
    await client.tokenRevocation(config, fresh.refresh_token);
    if (wanted.client_secret || wanted.private_jwk) {
      told.active_later = (await client.tokenIntrospection(config, fresh.access_token)).active;
    }
  } catch (error) {
    if (!wanted.mix_up) throw error;
    told.refused = error.code ?? error.message;
  }
}
console.log(JSON.stringify(told));
process.exit(0);
