import type { Command } from '../domain/command';
import type { Outcome } from '../domain/store';
import type { Decision } from '../domain/transitions';

/** Some of the commands of a batch. */
export interface Part {
  /** Where each stands in the batch. */
  places: readonly number[];
  commands: readonly Command[];
}

/** The commands of one batch, and what has become of each. */
export class Undecided {
  readonly #outcomes: (Outcome | undefined)[];
  #open: number;

  constructor(
    private readonly commands: readonly Command[],
    private readonly isGone: (place: number) => boolean,
  ) {
    this.#outcomes = new Array(commands.length);
    this.#open = commands.length;
  }

  /** Whether anything is still to be decided. */
  get isOpen(): boolean {
    return this.#open > 0;
  }

  /** What is still to be decided. Commands whose callers are gone are dropped first. */
  rest(): Part {
    const part = { places: [] as number[], commands: [] as Command[] };
    for (const [place, command] of this.commands.entries()) {
      if (this.#outcomes[place]) continue;
      if (this.isGone(place)) {
        this.#set(place, { kind: 'dropped' });
        continue;
      }
      part.places.push(place);
      part.commands.push(command);
    }
    return part;
  }

  /** What is still to be decided of these ids is not, since their rows are locked. */
  setAside(ids: ReadonlySet<string>): void {
    const { places, commands } = this.rest();
    for (const [i, place] of places.entries()) {
      if (ids.has((commands[i] as Command).id)) this.#set(place, { kind: 'locked' });
    }
  }

  /** The decisions on `part`, as they were committed. */
  decide({ places }: Part, decisions: readonly Decision[]): void {
    for (const [i, place] of places.entries()) this.#set(place, decisions[i] as Decision);
  }

  /** In the order of the commands, once nothing is left to be decided. */
  outcomes(): Outcome[] {
    return this.#outcomes as Outcome[];
  }

  #set(place: number, outcome: Outcome): void {
    if (!this.#outcomes[place]) this.#open--;
    this.#outcomes[place] = outcome;
  }
}
