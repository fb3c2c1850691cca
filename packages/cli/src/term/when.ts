/** A time as it lies back from `now`, in one unit: `12s ago`, `3m ago`, `5h ago`, `9d ago`. */
export function ago(at: string, now: Date): string {
  const seconds = Math.max(0, Math.round((now.getTime() - Date.parse(at)) / 1000));
  if (seconds < 60) return `${seconds}s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m ago`;
  if (seconds < 48 * 3600) return `${Math.floor(seconds / 3600)}h ago`;
  return `${Math.floor(seconds / 86_400)}d ago`;
}

/** A time in full, with its zone: `2026-11-20 09:14:07 Z`, or `2026-11-20 10:14:07 +01:00` on the local clock. */
export function moment(at: string, utc: boolean): string {
  const time = new Date(at);
  const minutes = utc ? 0 : -time.getTimezoneOffset();
  const shifted = new Date(time.getTime() + minutes * 60_000).toISOString();
  return `${shifted.slice(0, 10)} ${shifted.slice(11, 19)} ${utc ? 'Z' : zone(minutes)}`;
}

function zone(minutes: number): string {
  const size = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${two(size / 60)}:${two(size % 60)}`;
}

function two(n: number): string {
  return String(Math.floor(n)).padStart(2, '0');
}
