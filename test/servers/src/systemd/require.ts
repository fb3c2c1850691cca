import { orSkip, type Skipped } from '../obtain/or-skip.ts';
import { type SystemdMachine, startSystemdMachine } from './machine.ts';

/** Whether the tests of systemd are skipped, in the form that vitest's `skipIf` takes. */
export type SystemdOrSkip =
  | { readonly skip: false; readonly start: (readOnly: readonly string[]) => Promise<SystemdMachine> }
  | Skipped;

/**
 * Tries whether a systemd of its own runs here. Where none can be had the tests are skipped with one line that says why;
 * but in CI (CI=true) they fail.
 */
export async function systemdOrSkip(): Promise<SystemdOrSkip> {
  const tried = await orSkip(async () => (await startSystemdMachine([]))[Symbol.asyncDispose]());
  return tried.skip ? tried : { skip: false, start: startSystemdMachine };
}
