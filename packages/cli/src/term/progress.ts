import { formatBytes, formatDuration, type Clock } from '@holdfast/base';
import type { Sink } from '../io.ts';

/** Where a long step stands; bytes, or steps where `total` is small. */
interface Step {
  readonly phase: string;
  readonly done: number;
  readonly total?: number;
}

/** Shows how a command gets on. */
export interface Progress {
  report(step: Step): void;
  /** Takes away what must not stay on the screen; called before anything else is printed. */
  clear(): void;
}

/** Milliseconds between two redraws on a terminal, and between two lines elsewhere. */
const redrawMs = 100;
const lineMs = 30_000;

/** The printer for a sink: one living line on a terminal, else a line per phase and one every 30 seconds. */
export function progressOn(sink: Sink, clock: Clock, quiet: boolean): Progress {
  if (quiet) return { report: () => {}, clear: () => {} };
  return sink.isTTY === true ? living(sink, clock) : lines(sink, clock);
}

function living(sink: Sink, clock: Clock): Progress {
  const measure = meter(clock);
  let drawn = Number.NEGATIVE_INFINITY;
  let shown = false;
  return {
    report(step) {
      const text = measure(step);
      if (clock.monotonic() - drawn < redrawMs && step.done !== 0) return;
      drawn = clock.monotonic();
      shown = true;
      sink.write(`\r\u001b[2K${text.slice(0, (sink.columns || 80) - 1)}`);
    },
    clear() {
      if (shown) sink.write('\r\u001b[2K');
      shown = false;
    },
  };
}

function lines(sink: Sink, clock: Clock): Progress {
  const measure = meter(clock);
  let phase: string | undefined;
  let printed = 0;
  return {
    report(step) {
      const text = measure(step);
      const begun = step.phase !== phase;
      if (!begun && clock.monotonic() - printed < lineMs) return;
      phase = step.phase;
      printed = clock.monotonic();
      sink.write(begun ? `${step.phase}\n` : `${text}\n`);
    },
    clear: () => {},
  };
}

/** The one model of both printers: words, share, rate and the time that is left, from the steps of a phase. */
function meter(clock: Clock): (step: Step) => string {
  let phase: string | undefined;
  let since = 0;
  let from = 0;
  return (step) => {
    if (step.phase !== phase) {
      phase = step.phase;
      since = clock.monotonic();
      from = step.done;
    }
    const ms = clock.monotonic() - since;
    const rate = ms > 500 ? ((step.done - from) * 1000) / ms : undefined;
    const known = step.total !== undefined && step.total > 0;
    const share = known ? `  ${Math.min(100, Math.floor((step.done / step.total) * 100))}%` : '';
    const amount = step.done > 0 ? `  ${formatBytes(step.done)}` : '';
    const of = known ? ` of ${formatBytes(step.total)}` : '';
    const speed = rate !== undefined && rate > 0 ? `  ${formatBytes(rate)}/s` : '';
    const left =
      known && rate !== undefined && rate > 0 && step.total > step.done
        ? `  ${formatDuration(((step.total - step.done) * 1000) / rate)} left`
        : '';
    return `${step.phase}${share}${amount}${amount === '' ? '' : of}${speed}${left}`;
  };
}
