// Who is looking: an access token from the address's fragment or from the sign-in form.
//
// The token lives in sessionStorage, so it ends with the tab. A secret typed into the form stays in
// this module's memory only, to renew the token while the page is open.

const KEY = "vitalwire.board.token";
const SCOPE = "argus:epcr:read";
let credentials = null;
let renewal = 0;

/** Take the token out of the fragment, if there is one, and out of the address at once. */
export function takeFromAddress() {
  const parameters = new URLSearchParams(location.hash.slice(1));
  const token = parameters.get("access_token");
  if (!token) return;
  sessionStorage.setItem(KEY, token);
  parameters.delete("access_token");
  const rest = parameters.toString();
  history.replaceState(null, "", location.pathname + location.search + (rest ? `#${rest}` : ""));
}

/** The access token, or null. */
export function token() {
  return sessionStorage.getItem(KEY);
}

/** Forget everything. */
export function forget() {
  credentials = null;
  clearTimeout(renewal);
  sessionStorage.removeItem(KEY);
}

/** Sign in with client credentials; an Error with a sentence for a person when refused. */
export async function signIn(clientId, clientSecret) {
  await request(clientId, clientSecret);
  credentials = { clientId, clientSecret };
}

/** A new token after the old one was refused; false when only a person can help. */
export async function renew() {
  if (!credentials) return false;
  try {
    await request(credentials.clientId, credentials.clientSecret);
    return true;
  } catch (problem) {
    if (problem instanceof SignInProblem) forget();
    return false;
  }
}

class SignInProblem extends Error {}

async function request(clientId, clientSecret) {
  let response;
  try {
    response = await fetch("/v1/oauth/token", {
      method: "POST",
      headers: { "Content-Type": "application/x-www-form-urlencoded", Accept: "application/json" },
      body: new URLSearchParams({
        grant_type: "client_credentials",
        scope: SCOPE,
        client_id: clientId,
        client_secret: clientSecret,
      }),
      cache: "no-store",
      credentials: "omit",
    });
  } catch {
    throw new Error("The service cannot be reached. Try again in a moment.");
  }
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new SignInProblem(sentence(response.status, answer.error));
  sessionStorage.setItem(KEY, answer.access_token);
  clearTimeout(renewal);
  renewal = setTimeout(renew, Math.max(30, answer.expires_in * 0.8) * 1000);
}

function sentence(status, error) {
  if (error === "invalid_client") return "This client id and secret are not known. Check both and try again.";
  if (error === "invalid_scope") return "This client may not read encounters. Ask the ambulance service for that right.";
  if (status === 429) return "Too many attempts. Wait a minute and try again.";
  return "The service refused to sign in. Try again, and report it if it stays so.";
}
