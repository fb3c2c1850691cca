import type { Command, Option } from 'commander';
import { optionText, pathOf, usageOf } from '../program/help.ts';
import type { Verb } from '../program/verb.ts';
import { code, generatedFrom, markdownTable } from './markdown.ts';

/** docs/reference/cli.md: every command with its examples, arguments and options, from the tree that parses them. */
export function cliReference(program: Verb): string {
  const commands = leaves(program);
  return `${[
    generatedFrom('the command tree (packages/cli/src/program.ts)'),
    '# Command line',
    '`holdfast <noun> <verb> [arguments] [options]`. stdout carries the answer and nothing else; progress, notes, questions and failures go to stderr. Exit statuses: [errors.md](errors.md). Variables and files: [config.md](config.md).',
    commands
      .map((command) => `- [${pathOf(command)}](#${anchor(command)}): ${command.description()}`)
      .join('\n'),
    '## Options of every command',
    options(program.options),
    ...commands.flatMap((command) => section(command)),
  ].join('\n\n')}\n`;
}

function section(command: Verb): string[] {
  const help = command.createHelp();
  return [
    `## ${pathOf(command)}`,
    command.description(),
    `\`\`\`sh\n${command.examples.map(([what, text]) => `# ${what}\n${text}`).join('\n\n')}\n\`\`\``,
    `Usage: ${code(usageOf(command))}`,
    ...(command.registeredArguments.length === 0
      ? []
      : [
          markdownTable(
            ['argument', 'means'],
            help.visibleArguments(command).map((each) => [code(each.name()), help.argumentDescription(each)]),
          ),
        ]),
    ...(command.options.length === 0 ? [] : [options(command.options)]),
    ...command.remarks,
  ];
}

function options(given: readonly Option[]): string {
  const rows = given
    .filter((option) => !option.hidden)
    .map((option) => [code(option.flags), optionText(option)]);
  return markdownTable(['option', 'means'], rows);
}

/** Every command that does something, in the order of the help. */
function leaves(command: Command): Verb[] {
  return command
    .createHelp()
    .visibleCommands(command)
    .filter((each) => each.name() !== 'help')
    .flatMap((each) => (each.commands.length === 0 ? [each as Verb] : leaves(each)));
}

function anchor(command: Command): string {
  return pathOf(command).replaceAll(' ', '-');
}
