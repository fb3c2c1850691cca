import type { Grant, Token, User } from '@holdfast/model/fleet';
import { apiVersion, type Answer, type View } from '../term/answer.ts';
import { table } from '../term/table.ts';
import { ago, moment } from '../term/when.ts';

/** Names of clusters by id. */
type Names = ReadonlyMap<string, string>;

/** The users of a server. */
export function usersAnswer(items: readonly User[], names: Names): Answer {
  return {
    json: { apiVersion, kind: 'UserList', items },
    names: items.map(({ name }) => name),
    text: (view) =>
      table(
        ['NAME', 'ID', 'STATE', 'ADDED', 'MAY BE'],
        items.map(({ name, id, disabled, createdAt, grants }) => [
          name,
          id,
          disabled ? view.style('doubtful', 'disabled') : 'enabled',
          ago(createdAt, view.now),
          grantWords(grants, names),
        ]),
      ),
  };
}

/** @param head what was done with the user: `added`, `set` */
export function userAnswer(user: User, names: Names, head: string): Answer {
  const { name, id, disabled, grants } = user;
  return {
    json: { apiVersion, kind: 'User', ...user },
    names: [name],
    text: ({ style }) =>
      `${style('good', head)} user ${name} (${id})${disabled ? ', disabled' : ''}: ${grantWords(grants, names)}\n`,
  };
}

/** The tokens of who asks. */
export function tokensAnswer(items: readonly Token[], names: Names): Answer {
  return {
    json: { apiVersion, kind: 'TokenList', items },
    names: items.map(({ id }) => id),
    text: (view) =>
      table(
        ['ID', 'WHAT FOR', 'MADE', 'USED', 'ENDS', 'MAY BE'],
        items.map(({ id, description, createdAt, lastUsedAt, expiresAt, grants }) => [
          id,
          description || '-',
          ago(createdAt, view.now),
          lastUsedAt === null ? 'never' : ago(lastUsedAt, view.now),
          endWords(expiresAt, view),
          grants === null ? 'as its user' : grantWords(grants, names),
        ]),
      ),
  };
}

/** When a token ends, in words. */
export function endWords(expiresAt: string | null, { utc }: Pick<View, 'utc'>): string {
  return expiresAt === null ? 'when it is revoked' : moment(expiresAt, utc);
}

/** As they are given: `viewer, restorer@prod`. */
function grantWords(grants: readonly Grant[], names: Names): string {
  const words = grants.map(({ role, cluster }) =>
    cluster === null ? role : `${role}@${names.get(cluster) ?? cluster}`,
  );
  return words.join(', ') || 'nothing';
}
