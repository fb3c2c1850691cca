import { resolve } from 'node:path';
import type { VerbContext } from '@holdfast/engine';
import { asFormat } from './format.ts';
import type { Io } from './io.ts';
import { resolveSettings, valuesOf, type Flags } from './settings/resolve.ts';
import type { Places } from './settings/places.ts';
import type { Origin, Settings } from './settings/value.ts';
import { render, type Answer, type Format } from './term/answer.ts';
import { printable } from './term/printable.ts';
import { progressOn, type Progress } from './term/progress.ts';
import { styleFor, type Style } from './term/style.ts';
import { version } from './version.ts';

/** One run of a command: what it may use, what was set, and how it speaks. */
export interface Session {
  readonly io: Io;
  readonly settings: Settings;
  /** The same with the place that each came from. */
  readonly origins: readonly Origin[];
  /** What the configuration file describes. */
  readonly repositories: Places;
  /** The file that `--config` names, in full. */
  readonly config: string | undefined;
  readonly format: Format;
  /** What the verbs of the engine ask for. */
  readonly context: VerbContext;
  /** Something wrong that does not end the command, on stderr. */
  warn(text: string): void;
  /** Prints the answer on stdout, does what is left for afterwards, then throws the failure that it carries, if any. */
  print(answer: Answer): Promise<void>;
  /** Whether the answer is printed: an interruption from then on changes nothing of it. */
  isAnswered(): boolean;
  /** Takes the progress line off the screen. */
  clear(): void;
}

/**
 * Settles the settings and the manner of speaking of one run.
 *
 * @param flags the command's and the global options
 * @throws Failure `usage`, `config-invalid`, `file-unreadable`
 */
export async function openSession(flags: Flags, io: Io): Promise<Session> {
  const resolved = await resolveSettings(flags, io);
  const { origins, repositories } = resolved;
  const settings = valuesOf(resolved);
  const quiet = flags['quiet'] === true;
  const format = asFormat(origins, quiet);
  const wantsColour = flags['color'] !== false;
  const errors = styleFor(io.stderr, io.env, wantsColour);
  // Who reads JSON reads it on stderr too: failures and warnings are objects, and nothing else is there.
  const forMachine = format === 'json' && io.stderr.isTTY !== true;
  const progress = progressOn(io.stderr, io.clock, quiet || forMachine);
  const say = (text: string): void => {
    progress.clear();
    io.stderr.write(`${text}\n`);
  };
  let answered = false;
  if (flags['verbose'] === true) {
    for (const { name, origin } of origins.filter(isGiven)) say(errors('faint', `${name} is from ${origin}`));
  }
  return {
    io,
    settings,
    origins,
    repositories,
    config: typeof flags['config'] === 'string' ? resolve(io.cwd, flags['config']) : undefined,
    format,
    context: contextOf(io, progress),
    warn: (text) =>
      say(
        format === 'json'
          ? JSON.stringify({ warning: text })
          : `${errors('doubtful', 'warning:')} ${printable(text)}`,
      ),
    isAnswered: () => answered,
    clear: () => progress.clear(),
    async print(answer) {
      progress.clear();
      const style: Style = styleFor(io.stdout, io.env, wantsColour);
      io.stdout.write(await render(answer, format, { utc: settings.utc, style, now: io.clock.now() }));
      answered = true;
      await answer.afterwards?.();
      progress.clear();
      if (answer.failure !== undefined) throw answer.failure;
    },
  };
}

function contextOf(io: Io, progress: Progress): VerbContext {
  return {
    clock: io.clock,
    signal: io.signal,
    holdfast: version,
    onProgress: (step) => progress.report(step),
    // Large files are for /var/tmp: /tmp may be memory.
    scratchFolder: io.env['TMPDIR'] || '/var/tmp',
  };
}

function isGiven({ value, origin }: Origin): boolean {
  return value !== undefined && origin !== 'default';
}
