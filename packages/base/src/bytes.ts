const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/** A size in bytes as people read it: IEC units, three digits, e.g. `1.04 GiB`. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  return `${value.toFixed(digits)} ${units[unit]}`;
}

/** A duration in milliseconds as people read it: `0.4s`, `12s`, `3m05s`, `2h10m`, `5d`. */
export function formatDuration(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 9.95) return `${seconds.toFixed(1)}s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m${two(whole % 60)}s`;
  if (whole < 48 * 3600) return `${Math.floor(whole / 3600)}h${two(Math.floor((whole % 3600) / 60))}m`;
  return `${Math.floor(whole / 86_400)}d`;
}

function two(n: number): string {
  return String(n).padStart(2, '0');
}

/** An unsigned 64-bit id as etcd prints it: lower-case hexadecimal without padding. */
export function formatHex64(value: bigint): string {
  return BigInt.asUintN(64, value).toString(16);
}

/** The inverse of {@link formatHex64}; undefined when `text` is not such an id. */
export function parseHex64(text: string): bigint | undefined {
  return /^[0-9a-f]{1,16}$/.test(text) ? BigInt(`0x${text}`) : undefined;
}
