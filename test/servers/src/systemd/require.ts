import { messageOf } from '../obtain/run.ts';
import { PartUnavailable } from '../obtain/ways.ts';
import { type SystemdMachine, startSystemdMachine } from './machine.ts';

/** Whether the tests of systemd are skipped, in the form that vitest's `skipIf` takes. */
export type SystemdOrSkip =
  | { readonly skip: false; readonly start: (readOnly: readonly string[]) => Promise<SystemdMachine> }
  | { readonly skip: true; readonly why: string };

/**
 * Tries whether a systemd of its own runs here. Where none can be had the tests are skipped with one line that says why;
 * but in CI (CI=true) they fail.
 */
export async function systemdOrSkip(): Promise<SystemdOrSkip> {
  try {
    const machine = await startSystemdMachine([]);
    await machine[Symbol.asyncDispose]();
    return { skip: false, start: startSystemdMachine };
  } catch (error) {
    if (process.env['CI'] === 'true') throw error;
    if (!(error instanceof PartUnavailable)) throw error;
    const why = messageOf(error).replaceAll(/\s*\n\s*/g, ' ');
    console.error(`skipped: ${why}`);
    return { skip: true, why };
  }
}
