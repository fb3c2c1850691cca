import { get } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { lastLines, type ServerProcess } from '../cluster/server-process.ts';
import type { S3Keys } from './server.ts';

/** A server that answers, before its buckets are spoken of. */
export interface RunningS3 {
  readonly endpoint: string;
  readonly httpEndpoint: string;
  readonly keys: S3Keys;
  readonly processes: readonly ServerProcess[];
  limitedUser(bucket: string, actions: readonly string[]): Promise<S3Keys>;
  stop(): Promise<void>;
}

const answersWithinMs = 60_000;
const lookAgainMs = 50;

/** Waits until a server answers `url` with 200. Throws with the last lines of its log if it ends before, or takes too long. */
export async function untilAnswering(
  url: string,
  ca: string,
  server: ServerProcess,
  logFile: string,
): Promise<void> {
  const deadline = performance.now() + answersWithinMs;
  while ((await statusOf(url, ca)) !== 200) {
    if (server.ending !== undefined || performance.now() > deadline)
      throw new Error(`${url} does not answer (${server.ending ?? 'it runs'}):\n${lastLines(logFile)}`);
    await sleep(lookAgainMs);
  }
}

async function statusOf(url: string, ca: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    get(url, { ca, agent: false }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    }).once('error', () => resolve(undefined));
  });
}

/** Kills processes that keep nothing, and waits until they are gone. */
export async function killAll(processes: readonly ServerProcess[]): Promise<void> {
  for (const each of processes) if (each.ending === undefined) each.signal('SIGKILL');
  await Promise.all(processes.map(async (each) => each.ended()));
}
