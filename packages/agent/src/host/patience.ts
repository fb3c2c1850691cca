/** Milliseconds in which etcd may end by itself: it hands its leadership on first, which takes a few elections' time. */
export const stopGraceMs = 20_000;
/** Milliseconds in which an etcd that cannot run is gone: it opens its ports and its data before anything else. */
export const firstMomentsMs = 1_500;
/** Milliseconds between two looks at a process. */
export const lookAgainMs = 100;
