import { isHarmless } from './is-harmless.ts';
import type { LintOptions } from './lint.ts';
import { lintCheckFilter } from './lint-check-filter.ts';
import { lintNames } from './lint-names.ts';
import { lintUpstreamFilters } from './lint-upstream-filters.ts';
import { at, has, isType, items, type Say, type Spot, textAt } from './spot.ts';

const CHECK = 'extensions.filters.http.ext_authz.v3.ExtAuthz';
const ROUTER = 'extensions.filters.http.router.v3.Router';

/** The ext_authz filter of a chain, as its routes need to know it. */
export interface CheckFilter {
  /** What routes call it by. */
  readonly name: string;
  /** It sends Behalf the body where no route says otherwise. */
  readonly sendsBody: boolean;
}

interface FilterRules extends LintOptions {
  readonly say: Say;
  readonly about: string;
}

/**
 * The HTTP filters: ext_authz is one of them, stands before all that could change what it decided on, and is as it
 * must be (threats E20, E21).
 * @returns what routes need to know of it; undefined where it is not there
 */
export function lintFilters(manager: Spot, rules: FilterRules): CheckFilter | undefined {
  const { say, about } = rules;
  const filters = items(at(manager, 'http_filters'));
  const check = filters.findIndex((filter) => isType(at(filter, 'typed_config'), CHECK));
  const router = filters.findIndex((filter) => isType(at(filter, 'typed_config'), ROUTER));
  const found = filters[check];
  lintNames(at(manager, 'http_filters'), rules);
  for (const filter of filters) {
    if (has(at(filter, 'config_discovery'))) say('ext-authz-hidden', at(filter, 'config_discovery'), about);
    lintUpstreamFilters(at(filter, 'typed_config', 'upstream_http_filters'), rules);
  }
  if (found === undefined || (router !== -1 && check > router)) {
    say('ext-authz-missing', at(manager, 'http_filters'), about);
    return undefined;
  }
  for (const flag of ['disabled', 'is_optional']) {
    if (at(found, flag).value === true) say('ext-authz-hidden', at(found, flag), about);
  }
  lintCheckFilter(at(found, 'typed_config'), 'http', rules);
  for (const [index, filter] of filters.entries()) {
    if (index === check || has(at(filter, 'config_discovery')) || isHarmless(filter)) continue;
    say(
      index > check ? 'later-filter-reroutes' : 'earlier-filter-answers',
      filter,
      `${about}, ${String(at(filter, 'name').value)}`,
    );
  }
  return { name: textAt(found, 'name'), sendsBody: has(at(found, 'typed_config', 'with_request_body')) };
}
