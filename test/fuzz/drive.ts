import type { RawClient } from '../fakes/check-world.ts';

export interface Case {
  readonly bytes: Buffer;
}

export interface DriveOptions<T extends Case> {
  readonly client: RawClient;
  readonly count: number;
  readonly inFlight: number;
  readonly make: (index: number) => T;
  /** `answer` is undefined where the call ended in a gRPC error. */
  readonly onAnswer: (made: T, index: number, answer: Buffer | Error) => void;
}

/** Sends `count` cases over real gRPC, so many at once, each made only when it is sent. */
export async function drive<T extends Case>({
  client,
  count,
  inFlight,
  make,
  onAnswer,
}: DriveOptions<T>): Promise<void> {
  let next = 0;
  async function sendInTurn(): Promise<void> {
    while (next < count) {
      const index = next++;
      const made = make(index);
      let answer: Buffer | Error;
      try {
        answer = await client.ask(made.bytes);
      } catch (error) {
        answer = error instanceof Error ? error : new Error(String(error));
      }
      onAnswer(made, index, answer);
    }
  }
  await Promise.all(Array.from({ length: inFlight }, sendInTurn));
}
