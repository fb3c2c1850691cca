import { messageOf } from './run.ts';

/** Receives one line for the person who waits. */
export type Progress = (line: string) => void;

/** One way that a part can be had: `get` throws to give way to the next. */
export interface Way<T> {
  readonly name: string;
  readonly get: () => Promise<T>;
}

/** Thrown when no way led to a part; the message lists each way and why it failed. */
export class PartUnavailable extends Error {
  readonly part: string;

  constructor(part: string, reasons: readonly string[]) {
    super(`${part} cannot be had here:\n${reasons.map((reason) => `  - ${reason}`).join('\n')}`);
    this.name = 'PartUnavailable';
    this.part = part;
  }
}

/** Takes the first way that works. */
export async function firstWay<T>(part: string, ways: readonly Way<T>[]): Promise<T> {
  const reasons: string[] = [];
  for (const way of ways) {
    try {
      return await way.get();
    } catch (error) {
      reasons.push(`${way.name}: ${messageOf(error).replaceAll('\n', '\n      ')}`);
    }
  }
  throw new PartUnavailable(part, reasons);
}
