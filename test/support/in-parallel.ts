const AT_A_TIME = 32;

/** Does `work` for every id, a few dozen at a time, so that none waits long in the server's queue. */
export async function inParallel(ids: readonly string[], work: (id: string) => Promise<unknown>): Promise<void> {
  const queue = ids.values();
  const next = async () => {
    for (const id of queue) await work(id);
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, next));
}
