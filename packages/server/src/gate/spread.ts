/** A time for each name, from three quarters to five quarters of one, so that thousands do not do something at once. */
export function spread(name: string, ms: number): number {
  let sum = 0;
  for (let at = 0; at < name.length; at++) sum = (sum * 31 + name.charCodeAt(at)) % 1_000;
  return ms * (0.75 + sum / 2_000);
}
