import { Failure } from '@holdfast/base';
import { pathOf } from '../program/help.ts';
import type { Verb } from '../program/verb.ts';

export function addHelp(parent: Verb): void {
  parent
    .command('help')
    .description('Show the help of a command.')
    .argument('[command...]', 'the words of the command')
    .action((words: string[]) => commandAt(parent, words).outputHelp());
}

/** Follows the words down the tree. @throws Failure `usage` */
function commandAt(program: Verb, words: readonly string[]): Verb {
  return words.reduce((at, word) => {
    const next = at.commands.find((each) => each.name() === word);
    if (next === undefined) throw new Failure('usage', `there is no command \`${pathOf(at)} ${word}\``);
    return next as Verb;
  }, program);
}
