import { z } from 'zod';

/** Ids of the fleet: a word that says of what, and five to twelve letters and digits; Rancher's have the same shape. */
function idOf(kind: string, words: string): z.ZodString {
  return z.string().regex(new RegExp(`^${kind}-[a-z0-9]{5,12}$`), `an id of ${words} is like ${kind}-7f3kq`);
}

export const ClusterId = idOf('c', 'a cluster');
export const NodeId = idOf('n', 'a node');
export const OperationId = idOf('op', 'an operation');
export const OrderId = idOf('o', 'an order');
export const UserId = idOf('u', 'a user');
export const TokenId = idOf('t', 'a token');
export const ReceiverId = idOf('r', 'a receiver');

/** Names of repositories in the fleet, as configuration files have them. */
export const RepositoryName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, 'a name has letters, digits and . _ - (at most 63)');

/** A moment, in UTC, with milliseconds. */
export const Moment = z.iso.datetime();
