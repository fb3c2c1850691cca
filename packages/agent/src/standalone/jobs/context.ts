import type { VerbContext } from '@holdfast/engine';
import type { JobPorts } from '../ports.ts';

/** What the verbs of the engine ask for. */
export function contextOf(ports: JobPorts, signal: AbortSignal): VerbContext {
  const { clock, holdfast, scratchFolder } = ports;
  return { clock, holdfast, scratchFolder, signal };
}
