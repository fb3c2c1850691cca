import { Option } from 'commander';
import type { Verb } from './verb.ts';

/** What was said of companions. */
export interface CompanionsOptions {
  readonly companions: 'auto' | 'none';
  readonly companionsRoot: string;
}

/**
 * `--companions` and `--companions-root`, for what saves.
 *
 * @param what the help says of the first
 */
export function withCompanions(
  verb: Verb,
  what = 'keep with snapshots what else a restore needs, where they are sealed',
): Verb {
  return verb
    .addOption(new Option('--companions <which>', what).choices(['auto', 'none']).default('auto'))
    .option('--companions-root <dir>', 'the folder that is / of the node', '/');
}

/** The folder that is `/` of the node whose companions are kept; undefined: none are. */
export function companionsRootOf({ companions, companionsRoot }: CompanionsOptions): string | undefined {
  return companions === 'auto' ? companionsRoot : undefined;
}
