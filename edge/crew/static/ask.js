// Requests to the gateway. Each carries our own header: no other page can send it.

export class Problem extends Error {
  constructor(status, reason, words) {
    super(words);
    this.status = status;
    this.reason = reason;
  }
}

let onLocked = () => {};

/** Call back when the gateway says that this screen is locked. */
export function whenLocked(callback) {
  onLocked = callback;
}

export function post(path, body, options = {}) {
  const isFile = body instanceof Blob;
  return send(path, {
    method: "POST",
    headers: {
      "X-Vitalwire": "crew",
      "Content-Type": isFile ? "application/octet-stream" : "application/json",
    },
    body: isFile ? body : JSON.stringify(body ?? {}),
    ...options,
  });
}

export function get(path) {
  return send(path, { method: "GET" });
}

async function send(path, options) {
  let response;
  try {
    response = await fetch(path, { cache: "no-store", credentials: "same-origin", ...options });
  } catch {
    throw new Problem(0, "unreachable", "The gateway does not answer.");
  }
  const answer = await response.json().catch(() => ({}));
  if (response.ok) return answer;
  if (response.status === 401 && answer.reason === "locked") onLocked();
  throw new Problem(response.status, answer.reason ?? "", answer.words ?? "That did not work.");
}
