/** The line that heads a generated page. */
export function generatedFrom(source: string): string {
  return `<!-- Generated from ${source} by \`npm run generate\`; edits here are lost. -->`;
}

/** A table; `|` in cells is escaped, and so is `<` outside of code. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n');
}

/** Text in code style, or an empty cell. */
export function code(text: string | undefined): string {
  return text === undefined ? '' : `\`${text}\``;
}

function line(cells: readonly string[]): string {
  return `| ${cells.map(cell).join(' | ')} |`;
}

function cell(text: string): string {
  const inline = text.startsWith('`') ? text : text.replaceAll('<', '\\<');
  return inline.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
