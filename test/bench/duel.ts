import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Run } from './measure.ts';

/** Two ways to do one thing; `ours` is judged by `theirs`. Each call does the thing once and cleans up after itself. */
export interface Duel {
  readonly what: string;
  readonly theirs: string;
  /** The ratio of wall times that ours must not exceed. */
  readonly atMost: number;
  readonly ours: () => Promise<Run>;
  readonly reference: () => Promise<Run>;
}

/** Bytes of resident memory that ours must not exceed in any duel, at any size. */
export const memoryAtMost = 250e6;

/** A duel's outcome: medians, and the median of the ratios pair by pair, which survives a machine whose speed drifts. */
export interface Outcome {
  readonly duel: Duel;
  readonly oursMs: number;
  readonly theirsMs: number;
  readonly ratio: number;
  readonly ratios: readonly number[];
  readonly oursCpuMs: number;
  readonly theirsCpuMs: number;
  readonly oursPeakBytes: number;
  readonly theirsPeakBytes: number;
}

/**
 * Runs both in turn, after one uncounted pair, `runs` times. Before each, dirty pages are written back and the machine
 * rests, since virtual disks write faster after a pause than for long.
 */
export async function fight(duel: Duel, runs: number, restMs: number): Promise<Outcome> {
  const pairs: { ours: Run; theirs: Run }[] = [];
  for (let i = 0; i <= runs; i++) {
    const first = await rested(i % 2 === 0 ? duel.ours : duel.reference, restMs);
    const second = await rested(i % 2 === 0 ? duel.reference : duel.ours, restMs);
    if (i > 0) pairs.push(i % 2 === 0 ? { ours: first, theirs: second } : { ours: second, theirs: first });
  }
  const ratios = pairs.map(({ ours, theirs }) => ours.wallMs / theirs.wallMs);
  return {
    duel,
    oursMs: median(pairs.map((pair) => pair.ours.wallMs)),
    theirsMs: median(pairs.map((pair) => pair.theirs.wallMs)),
    ratio: median(ratios),
    ratios,
    oursCpuMs: median(pairs.map((pair) => pair.ours.cpuMs)),
    theirsCpuMs: median(pairs.map((pair) => pair.theirs.cpuMs)),
    oursPeakBytes: Math.max(...pairs.map((pair) => pair.ours.peakBytes)),
    theirsPeakBytes: Math.max(...pairs.map((pair) => pair.theirs.peakBytes)),
  };
}

async function rested(run: () => Promise<Run>, restMs: number): Promise<Run> {
  execFileSync('sync');
  await sleep(restMs);
  return await run();
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
