import type { Argument, Command, Option } from 'commander';
import type { Verb } from '../program/verb.ts';

/** One word that may stand at the cursor. */
export interface Candidate {
  readonly word: string;
  readonly what: string;
}

/** Names that are found out when they are asked for. */
type Stored = 'snapshots' | 'restores' | 'copies' | 'repositories';

/** What may stand at the cursor: words, or the shell's own files or folders, or such a name; a repository may be a folder too. */
type Completion = readonly Candidate[] | 'files' | 'dirs' | Stored;

/** The words of the line sorted out: the command that they call and the options given so far. */
interface Line {
  readonly command: Command;
  readonly flags: Readonly<Record<string, string | true>>;
  /** Words of the command that are no options. */
  readonly positions: number;
  /** The option whose value the cursor stands at. */
  readonly pending?: Option;
}

/** Reads the words before the cursor as far as they go; unknown ones are passed over. */
function readLine(program: Verb, words: readonly string[]): Line {
  let command: Command = program;
  let positions = 0;
  let pending: Option | undefined;
  const flags: Record<string, string | true> = {};
  for (const word of words) {
    if (pending !== undefined) {
      flags[pending.attributeName()] = word;
      pending = undefined;
    } else if (word.startsWith('-')) {
      const [name, value] = word.split('=', 2);
      const option = optionsOf(command).find((each) => each.long === name || each.short === name);
      if (option === undefined) continue;
      if (option.required && value === undefined) pending = option;
      else flags[option.attributeName()] = value ?? true;
    } else {
      const sub = command.commands.find((each) => each.name() === word);
      if (sub === undefined) positions += 1;
      else command = sub;
    }
  }
  return { command, flags, positions, ...(pending && { pending }) };
}

/** What may stand after a line, when the word at the cursor begins with `current`. */
function completionAt(line: Line, current: string): Completion {
  if (line.pending !== undefined) return valuesOf(line.pending, line.pending.flags);
  const { command } = line;
  if (current.startsWith('-')) {
    return optionsOf(command)
      .filter((option) => !option.hidden && option.long && !(option.attributeName() in line.flags))
      .map((option) => ({ word: option.long!, what: option.description }));
  }
  if (command.commands.length > 0) {
    return command
      .createHelp()
      .visibleCommands(command)
      .map((each) => ({ word: each.name(), what: each.summary() || each.description() }));
  }
  const argument = command.registeredArguments[line.positions] ?? command.registeredArguments.at(-1);
  const isFree =
    argument !== undefined && (argument.variadic || line.positions < command.registeredArguments.length);
  return isFree ? valuesOf(argument, `<${argument.name()}>`) : [];
}

/** The answer of `holdfast __complete` for the words up to the cursor, the last being the one begun. */
export async function complete(program: Verb, words: readonly string[]): Promise<string> {
  const line = readLine(program, words.slice(0, -1));
  const current = words.at(-1) ?? '';
  const completion = completionAt(line, current);
  if (completion === 'files' || completion === 'dirs') return `:${completion}\n`;
  const candidates = typeof completion === 'string' ? await stored(program, line, completion) : completion;
  return candidates
    .filter((each) => each.word.startsWith(current))
    .map((each) => `${each.word}\t${each.what}\n`)
    .concat(completion === 'repositories' ? ':dirs\n' : ':\n')
    .join('');
}

function optionsOf(command: Command): Option[] {
  return [...command.options, ...(command.parent === null ? [] : optionsOf(command.parent))];
}

function valuesOf(target: Option | Argument, placeholder: string): Completion {
  if (target.argChoices !== undefined) return target.argChoices.map((word) => ({ word, what: '' }));
  if (/<snapshot>/.test(placeholder)) return 'snapshots';
  if (/<restore>/.test(placeholder)) return 'restores';
  if (/<copy>/.test(placeholder)) return 'copies';
  if (/<repo>/.test(placeholder)) return 'repositories';
  if (/<file>/.test(placeholder)) return 'files';
  return /<dir>/.test(placeholder) ? 'dirs' : [];
}

/** The names in the repository, the state folder or the configuration that the line speaks of; none when it cannot be read, for Tab is no place for errors. */
async function stored(program: Verb, line: Line, what: Stored): Promise<Candidate[]> {
  try {
    const { configuredNames, queuedCopies, storedNames, storedRestores } = await import('./stored.ts');
    const find = {
      snapshots: storedNames,
      restores: storedRestores,
      copies: queuedCopies,
      repositories: configuredNames,
    }[what];
    return await find(line.flags, program.io);
  } catch {
    return [];
  }
}
