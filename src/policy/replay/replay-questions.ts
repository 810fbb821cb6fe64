import type { Decision, Fields } from './read-decision.ts';
import { type Question, unknownParts } from './unknown-parts.ts';

const BATCH = '/input/batch';
const MCP = '/input/mcp';

/**
 * What policy was asked then, made anew from a record: one question, or one for each element of an MCP batch, with
 * stand-ins for what the record has not kept.
 * @throws Error where the record has too little for even that
 */
export function replayQuestions({ input, unknown }: Decision): readonly Question[] {
  if (input === undefined || unknown.some((pointer) => pointer === '/input' || pointer === BATCH)) {
    throw new Error('the input is erased');
  }
  const { batch = [], ...first } = input;
  const about = unknown.filter((pointer) => pointer.startsWith('/input/'));
  const shared = about.filter((pointer) => !pointer.startsWith(`${BATCH}/`));
  const ofAll = shared.filter((pointer) => pointer !== MCP && !pointer.startsWith(`${MCP}/`));
  const others = (batch as readonly Fields[]).map((mcp, index) => {
    const place = `${BATCH}/${index}`;
    const own = about.filter((pointer) => pointer.startsWith(`${place}/`));
    return unknownParts({ ...first, mcp }, [...ofAll, ...own.map((pointer) => MCP + pointer.slice(place.length))]);
  });
  return [unknownParts(first, shared), ...others];
}
