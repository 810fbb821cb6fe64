import { at, items, members, type Say, type Spot } from './spot.ts';

/** Where Envoy is told to set a request header: field → where in its message the name of the header is. */
const SETTERS: ReadonlyMap<string, readonly string[]> = new Map([
  ['request_headers_to_add', ['header', 'key']],
  ['request_headers_to_add_when_not_enforced', ['header', 'key']],
  ['append', ['header', 'key']],
  ['claim_to_headers', ['header_name']],
  ['forward_payload_header', []],
]);

/**
 * What upstreams read in `x-behalf-*` is Behalf's word: nothing else in Envoy sets such a header, wherever in a filter,
 * route or early mutation that is told (threats E20).
 */
export function lintNames(spot: Spot, { say, about }: { readonly say: Say; readonly about: string }): void {
  for (const item of items(spot)) lintNames(item, { say, about });
  for (const [key, member] of members(spot)) {
    const path = SETTERS.get(key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));
    const told = items(member).length > 0 ? items(member) : [member];
    const names = path === undefined ? [] : told.map((one) => at(one, ...path));
    for (const name of names) {
      if (/^x[-_]behalf[-_]/i.test(String(name.value))) say('names-set-late', name, about);
    }
    lintNames(member, { say, about });
  }
}
