// The gateway's time: a tablet's own clock may be wrong by years.

let ahead = 0; // milliseconds to add to performance.now()
let best = Infinity;
let east = 0; // milliseconds that the vehicle's local time is ahead of UTC

/** The gateway said what time it is (seconds since 1970). */
export function synchronise(seconds) {
  const offset = seconds * 1000 - performance.now();
  // The message that travelled shortest is the truest; a real step of the clock is followed at once.
  const late = ahead - offset;
  if (best === Infinity || late < 0 || late > 2000) {
    ahead = offset;
    best = 0;
  }
}

/** Milliseconds since 1970 by the gateway. */
export function now() {
  return best === Infinity ? Date.now() : performance.now() + ahead;
}

/** The vehicle's zone, for every tablet in it: whether it is another one than before. */
export function setZone(minutes) {
  const before = east;
  east = minutes * 60_000;
  return east !== before;
}

/** 14:03:22 by the vehicle's local time. */
export function timeOfDay(at, { seconds = true } = {}) {
  const options = { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: "UTC" };
  if (seconds) options.second = "2-digit";
  return new Date(at + east).toLocaleTimeString("en-GB", options);
}

/** How long ago, in few letters. */
export function ago(at) {
  const seconds = Math.max(0, Math.round((now() - at) / 1000));
  if (seconds < 2) return "now";
  if (seconds < 100) return `${seconds} s ago`;
  const minutes = Math.round(seconds / 60);
  return minutes < 100 ? `${minutes} min ago` : `${Math.round(minutes / 60)} h ago`;
}

/** 2:05 or 1:02:05. */
export function elapsed(since) {
  const seconds = Math.max(0, Math.floor((now() - since) / 1000));
  const two = (number) => String(number).padStart(2, "0");
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return hours ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}
