import { Failure } from '@holdfast/base';
import { Command, type HelpContext } from 'commander';
import type { Io } from '../io.ts';
import { type Session, openSession } from '../session.ts';
import type { Answer } from '../term/answer.ts';
import { helpText, pathOf } from './help.ts';
import { actionOf, type OverServer } from './over-server.ts';
import { refuseEmpty } from './refuse-empty.ts';

/** A noun or a verb of the command line: a commander command that has examples and whose action gives an answer. */
export class Verb extends Command {
  readonly io: Io;
  readonly examples: (readonly [what: string, command: string])[] = [];
  /** What follows the options in the help and the reference: rules that no single option explains. */
  readonly remarks: string[] = [];
  /** How it is done where a server is set; undefined: on this machine alone. */
  over: OverServer | undefined;
  /** Told of the session as soon as the settings are known, so that a later failure is printed in the same form. */
  readonly onSession: (session: Session) => void;

  constructor(name: string, io: Io, onSession: (session: Session) => void = () => {}) {
    super(name);
    this.io = io;
    this.onSession = onSession;
    this.helpCommand(false);
    this.configureHelp({
      showGlobalOptions: true,
      formatHelp: (command, helper) => helpText(command as Verb, helper),
    });
    this.helpOption('-h, --help', 'show this help');
  }

  /** A sub-command that shares this one's streams and settings; see Command.command. */
  override createCommand(name = ''): Verb {
    return new Verb(name, this.io, this.onSession);
  }

  /** A noun without a verb is a mistake; the bare program is a question. */
  override help(context?: HelpContext | ((text: string) => string)): never {
    const isMistake = typeof context === 'object' && context.error;
    if (!isMistake || this.parent === null) return super.help();
    const verbs = this.commands.map((command) => command.name()).join(', ');
    throw new Failure('usage', `\`${pathOf(this)}\` needs one of: ${verbs}`);
  }

  /** Adds an example; they stand first in the help. */
  example(what: string, command: string): this {
    this.examples.push([what, command]);
    return this;
  }

  /** Adds a paragraph to the end of the help. */
  remark(text: string): this {
    this.remarks.push(text);
    return this;
  }

  /**
   * Says what the command does; its answer is printed in the asked form.
   *
   * @param run gets the session, the options in the form that the command declares for itself (only it knows which
   *   ones it has added), and the arguments in their order
   */
  answers(run: (session: Session, options: never, ...args: string[]) => Promise<Answer>): this {
    return this.action(async (...given: unknown[]) => {
      const args = given.slice(0, -2) as string[];
      refuseEmpty(this);
      const session = await openSession(this.optsWithGlobals(), this.io);
      this.onSession(session);
      const act = actionOf(this, session, run);
      await session.print(await act(session, this.opts<never>(), ...args));
    });
  }
}
