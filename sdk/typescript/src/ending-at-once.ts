import { CancelledError } from './errors';

/**
 * A generator whose `return` and `throw` end it at once, whatever it is waiting for; those of an ordinary one wait
 * until it yields, and so may wait for ever. A `next` under way then resolves as done. What `generate` makes must end
 * when its signal is aborted.
 */
export function endingAtOnce<T>(
  generate: (ended: AbortSignal) => AsyncGenerator<T, void, undefined>,
): AsyncGenerator<T, void, undefined> {
  const ending = new AbortController();
  const generator = generate(ending.signal);
  const end = () => {
    ending.abort(new CancelledError('the iteration was ended'));
    return generator.return();
  };
  return {
    async next() {
      try {
        const result = await generator.next();
        return ending.signal.aborted ? generator.return() : result;
      } catch (error) {
        if (ending.signal.aborted) return generator.return();
        throw error;
      }
    },
    return: end,
    async throw(error) {
      await end();
      throw error;
    },
    async [Symbol.asyncDispose]() {
      await end();
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
