import type { Answer } from '../term/answer.ts';

export function statusAnswer(status: Record<string, unknown>): Answer {
  return { json: status, names: [], text: () => '' };
}
