import type { Argument, Command, Help, Option } from 'commander';
import type { Verb } from './verb.ts';

/** Help as a person reads it: what it is, examples, then usage, arguments, options by group, commands, remarks. */
export function helpText(command: Verb, helper: Help): string {
  const termWidth = helper.padWidth(command, helper);
  const width = Math.min(helper.helpWidth ?? 80, 100);
  const item = (term: string, text: string): string => helper.formatItem(term, termWidth, text, helper);
  const option = (each: Option): string => item(helper.optionTerm(each), optionText(each));
  const lines = [helper.boxWrap(helper.commandDescription(command), width), ''];
  const section = (heading: string, items: readonly string[]): void => {
    if (items.length > 0) lines.push(helper.styleTitle(heading), ...items, '');
  };

  section(
    'Examples:',
    command.examples.flatMap(([what, text]) => [`  # ${what}`, `  ${text}`]),
  );
  section('Usage:', [`  ${usageOf(command)}`]);
  section(
    'Arguments:',
    helper
      .visibleArguments(command)
      .map((each) => item(helper.argumentTerm(each), helper.argumentDescription(each))),
  );
  const groups = Map.groupBy(helper.visibleOptions(command), (each) => each.helpGroupHeading ?? 'Options:');
  for (const [heading, options] of groups) section(heading, options.map(option));
  section('Global options:', helper.visibleGlobalOptions(command).map(option));
  const verbs = Map.groupBy(helper.visibleCommands(command), (each) => each.helpGroup() || 'Commands:');
  for (const [heading, commands] of verbs) {
    section(
      heading,
      commands.map((each) => item(usageTerm(each), helper.subcommandDescription(each))),
    );
  }
  for (const remark of command.remarks) lines.push(helper.boxWrap(remark, width), '');
  return lines.join('\n');
}

/** How a command is called: `holdfast snapshot show <snapshot> [options]`. */
export function usageOf(command: Command): string {
  const words = command.registeredArguments.map(argumentTerm);
  return [pathOf(command), ...(command.commands.length > 0 ? ['<command>'] : words), '[options]'].join(' ');
}

/** An option's text with its default; the choices stand in the text where they matter. */
export function optionText({ description, defaultValue }: Option): string {
  const shown = typeof defaultValue === 'string' && defaultValue !== '';
  return shown ? `${description} (default: ${defaultValue})` : description;
}

function usageTerm(command: Command): string {
  return [command.name(), ...command.registeredArguments.map(argumentTerm)].join(' ');
}

function argumentTerm(argument: Argument): string {
  const word = argument.variadic ? `${argument.name()}...` : argument.name();
  return argument.required ? `<${word}>` : `[${word}]`;
}

/** The words that call a command: `holdfast snapshot save`. */
export function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}
