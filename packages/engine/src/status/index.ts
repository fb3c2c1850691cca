/** Whether each cluster of one repository or several could be brought back. */
export { repositoryStatus, type ClusterStatus, type StatusRequest, type StatusSource } from './status.ts';
export type { ClusterCopies, CopyPlace } from './copies.ts';
