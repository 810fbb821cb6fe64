/** Tells on stderr what goes on: in place on a terminal, else one line per step. */
export function createProgress(): { step(text: string): void; tick(text: string): void; done(): void } {
  const { stderr } = process;
  const isLive = stderr.isTTY;
  const write = (text: string): void => void stderr.write(isLive ? `\r\u001b[K${text}` : `${text}\n`);
  return {
    step: write,
    tick: (text) => {
      if (isLive) write(text);
    },
    done: () => {
      if (isLive) stderr.write('\r\u001b[K');
    },
  };
}
