/** @holdfast/client: the REST API of a Holdfast server as typed calls. */
export type { Route } from '@holdfast/model/api';
