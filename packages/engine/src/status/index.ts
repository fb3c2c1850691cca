/** Whether each cluster of a repository could be brought back. */
export { repositoryStatus, type ClusterStatus } from './status.ts';
