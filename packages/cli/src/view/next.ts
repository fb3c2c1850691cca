import { possibleVerbs, type RestoreVerb } from '@holdfast/model';
import { commandLine } from '../term/quote.ts';
import type { CommandFor, Operation } from './operation.ts';

/** Something that a person can do with a restore now. */
export interface Next {
  readonly what: string;
  readonly verb: RestoreVerb | 'status';
  /** The restore that the verb is about. */
  readonly id: string;
}

/** What a person can do now, the better one first; none of it would be refused. */
export function nextOf({ plan, state, running, later }: Operation): Next[] {
  if (running) return [];
  const verbs = possibleVerbs(plan.steps, state, later !== undefined);
  const kept = state.outcome === 'finished' ? 'the kept data' : 'what was put aside';
  const isOpen = plan.steps.some((step, i) => step.final && state.steps[i] === 'begun');
  const words: Record<RestoreVerb, string> = {
    resume: state.direction === 'back' ? 'go on with undoing' : 'go on',
    abort: `put everything back${isOpen ? ', if the cluster shows that nothing was done for good yet' : ''}`,
    rollback: 'bring the old data back; what was written since is put aside',
    release: `delete ${kept}, when it is needed no more`,
  };
  const own = verbs.map((verb) => ({ verb, what: words[verb], id: plan.id }));
  if (later === undefined || possibleVerbs(plan.steps, state).every((verb) => verbs.includes(verb)))
    return own;
  const what = `look at restore ${later}, which came after it: the old data can come back once that one is rolled back`;
  return [...own, { verb: 'status', what, id: later }];
}

/** The same with the commands, each below what it does. */
export function nextText(operation: Operation, commandFor: CommandFor): string {
  return nextOf(operation)
    .map(({ what, verb, id }) => `${what}:\n  ${commandLine(commandFor(verb, id))}\n`)
    .join('');
}

/** The same as a failure says it, a line for each: `Go on: …`, `Or put everything back: …`. */
export function nextLines(operation: Operation, commandFor: CommandFor): string {
  const isStuck = operation.state.stuck;
  return nextOf(operation)
    .map(({ what, verb, id }, at) => {
      const words = at > 0 ? `Or ${what}` : isStuck ? `Mend the cause, then ${what}` : capital(what);
      return `${words}: ${commandLine(commandFor(verb, id))}`;
    })
    .join('\n');
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
