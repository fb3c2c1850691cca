const kept = new Set(['\n', '\t']);

/**
 * Text as a screen may have it. Names, reasons and causes come from elsewhere (etcd, a repository that others write
 * to): a control character in them could redraw the screen or feed the terminal. Colours, tabs and line feeds stay.
 */
export function printable(text: string): string {
  return text.replace(/(\p{Cc})(\[\d+m)?/gu, (found, control: string, colour = '') => {
    if (colour !== '' && control === '\u001b') return found;
    return kept.has(control) ? found : `\ufffd${colour}`;
  });
}
