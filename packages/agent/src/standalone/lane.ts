/** One thing at a time: the next is taken when the one before has ended. */
export class Lane {
  #task: Promise<void> | undefined;

  get isFree(): boolean {
    return this.#task === undefined;
  }

  /**
   * Begins it; the lane is free when it has ended.
   *
   * @param act never rejects
   * @param onEnd told when the lane is free again
   */
  begin(act: () => Promise<void>, onEnd: () => void): void {
    this.#task = act().finally(() => {
      this.#task = undefined;
      onEnd();
    });
  }

  /** Resolves when nothing is under way. */
  async ended(): Promise<void> {
    await this.#task;
  }
}
