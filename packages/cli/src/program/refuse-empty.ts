import { Failure } from '@holdfast/base';
import type { Command } from 'commander';

/**
 * An empty word is what the unset variable of a script leaves behind. As a path it would mean the working folder, of
 * all places.
 *
 * @throws Failure `usage` that names the first option or argument that is empty, unless it is so by default
 */
export function refuseEmpty(command: Command): void {
  const given = command.optsWithGlobals();
  for (let each: Command | null = command; each !== null; each = each.parent) {
    for (const option of each.options) {
      const values = [given[option.attributeName()]].flat();
      if (values.includes('') && option.defaultValue !== '') refuse(option.long!);
    }
  }
  command.registeredArguments.forEach((argument, at) => {
    if (command.args[at] === '') refuse(`<${argument.name()}>`);
  });
}

function refuse(what: string): never {
  throw new Failure('usage', `${what} must not be empty`);
}
