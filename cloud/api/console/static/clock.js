// The server's time as this page knows it, and times in words.

let skew = 0; // milliseconds to add to this machine's clock
let known = false;

/** Learn the server's time from an ISO text it just sent. The smallest delay seen wins. */
export function learn(iso) {
  const sample = Date.parse(iso) - Date.now();
  if (!Number.isFinite(sample)) return;
  // A message can only arrive late, so the largest difference is the nearest to the truth; a clock
  // that really moved is followed after a minute.
  if (!known || sample > skew || Math.abs(sample - skew) > 60_000) skew = sample;
  known = true;
}

/** Milliseconds since the epoch by the server's clock. */
export function now() {
  return Date.now() + skew;
}

/** "12 s ago", "3 min ago": never in the future. */
export function ago(at) {
  const seconds = Math.max(0, Math.floor((now() - at) / 1000));
  if (seconds < 1) return "just now";
  if (seconds < 60) return `${seconds} s ago`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ago`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min ago`;
}

/** "1.4 s ago": like `ago`, but with tenths while they matter. */
export function finelyAgo(at) {
  const seconds = Math.max(0, (now() - at) / 1000);
  return seconds < 10 ? `${seconds.toFixed(1)} s ago` : ago(at);
}

/** "4:07" or "1:02:30": time with the patient. */
export function elapsed(since) {
  const seconds = Math.max(0, Math.floor((now() - since) / 1000));
  const pad = (number) => String(number).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  const rest = `${pad(Math.floor(seconds / 60) % 60)}:${pad(seconds % 60)}`;
  return hours ? `${hours}:${rest}` : rest;
}

/** The wall clock's time of day. */
export function timeOfDay(at) {
  return new Date(at).toLocaleTimeString("en-GB", { hour12: false });
}
