/**
 * Loaded into a process with `--import`: its wall clock is wrong by `FAULT_CLOCK_MS` milliseconds. What counts from an
 * arbitrary start (performance.now, timers) goes right, as on a machine whose clock was set.
 */
const off = Number(process.env['FAULT_CLOCK_MS'] ?? 0);
const now = Date.now.bind(Date);

class ShiftedDate extends Date {
  constructor(...given: unknown[]) {
    if (given.length === 0) super(now() + off);
    else super(...(given as [number]));
  }

  static override now(): number {
    return now() + off;
  }
}

globalThis.Date = ShiftedDate as DateConstructor;
