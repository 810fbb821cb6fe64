import { bodyLimit } from './body-limit.ts';
import type { LintOptions } from './lint.ts';
import { lintBody } from './lint-check-filter.ts';
import type { CheckFilter } from './lint-filters.ts';
import { lintForward } from './lint-forward.ts';
import { lintNames } from './lint-names.ts';
import { lintRows } from './lint-rows.ts';
import { type RouteScope, type RouteSettings, settingsOf } from './route-settings.ts';
import { at, has, items, members, type Say, type Spot, seconds, textAt } from './spot.ts';

export interface RouteRules extends LintOptions {
  readonly say: Say;
  /** The ext_authz filter that the routes speak to. */
  readonly filter?: CheckFilter | undefined;
  readonly manager?: Spot;
  /** The connection manager ends every stream. */
  readonly isLimited?: boolean;
}

/** One route configuration: nothing in it escapes the Check, and with a matrix it is the matrix's. */
export function lintRoutes(routes: Spot, rules: RouteRules): void {
  const hosts = items(at(routes, 'virtual_hosts'));
  if (has(at(routes, 'vhds'))) rules.say('routes-elsewhere', at(routes, 'vhds'), 'the routes');
  if (!hosts.some((host) => items(at(host, 'domains')).some(({ value }) => value === '*'))) {
    rules.say('catch-all-host-missing', at(routes, 'virtual_hosts'), 'the routes');
  }
  for (const host of hosts) {
    const name = `virtual host ${String(at(host, 'name').value)}`;
    const list = items(at(host, 'routes'));
    if (!list.some((route) => isCatchAll(at(route, 'match')))) rules.say('catch-all-route-missing', host, name);
    for (const route of list) {
      lintRoute({ routes, host, route, filter: rules.filter }, rules);
    }
  }
  lintUnchecked(routes, 'the routes', rules);
  lintNames(routes, { say: rules.say, about: 'the routes' });
  for (const host of hosts) lintUnchecked(host, `virtual host ${String(at(host, 'name').value)}`, rules);
  if (rules.matrix !== undefined) lintRows(routes, rules.matrix, rules);
}

/** A prefix that every path has, and no other condition. */
function isCatchAll(match: Spot): boolean {
  const [only, ...others] = members(match).filter(([name]) => !/^case_?[sS]ensitive$/.test(name));
  return others.length === 0 && only?.[0] === 'prefix' && (only[1].value === '/' || only[1].value === '');
}

function lintRoute(scope: RouteScope, rules: RouteRules): void {
  const { say } = rules;
  const { route } = scope;
  const about = `route ${textAt(route, 'name', 'without a name')}`;
  lintUnchecked(route, about, rules);
  const action = at(route, 'route');
  if (!has(action)) return;
  for (const cluster of items(at(action, 'weighted_clusters', 'clusters'))) lintUnchecked(cluster, about, rules);
  for (const settings of settingsOf(scope)) lintSettings(settings, route, { ...rules, about });
  lintForward(action, { say, about });
  for (const name of ['internal_redirect_policy', 'internal_redirect_action']) {
    const redirect = at(action, name);
    if (has(redirect) && redirect.value !== 'PASS_THROUGH_INTERNAL_REDIRECT') say('internal-redirect', redirect, about);
  }
  lintStream(action, about, rules);
}

/** A route names a row of the matrix, and sends Behalf what that row reads (threats E16, E22). */
function lintSettings(
  { hop, isDisabled, sendsBody }: RouteSettings,
  route: Spot,
  { say, matrix, about }: RouteRules & { readonly about: string },
): void {
  if (hop === undefined && !isDisabled && matrix?.routing !== 'match') say('hop-missing', route, about);
  if (hop === undefined || matrix === undefined) return;
  const row = matrix.hops.get(hop);
  if (row === undefined) say('hop-unknown', route, about);
  else if (!sendsBody && bodyLimit(row, new Map()) !== undefined) say('body-hidden', route, `${about}, row ${hop}`);
}

/** Whatever can live longer than a request must end by itself (threats E28). */
function lintStream(action: Spot, about: string, { say, manager, isLimited }: RouteRules): void {
  const upgrades = [...items(at(action, 'upgrade_configs')), ...(manager ? items(at(manager, 'upgrade_configs')) : [])];
  const isOpen = upgrades.some((upgrade) => at(upgrade, 'enabled').value !== false);
  const isEndless = isOpen || seconds(at(action, 'timeout')) === 0;
  const limit = at(action, 'max_stream_duration', 'max_stream_duration');
  const ends = (seconds(limit) ?? 0) > 0 || isLimited === true;
  if (isEndless && !ends) say('stream-endless', action, about);
}

/** What a route, a host or all routes say to the filter: nothing that turns it off or asks somebody else (threats E21). */
function lintUnchecked(holder: Spot, about: string, { say, filter }: RouteRules): void {
  for (const [name, outer] of members(at(holder, 'typed_per_filter_config'))) {
    const inner = at(outer, 'config');
    const config = has(inner) ? inner : outer;
    const isOurs = name === filter?.name || /ext_authz/.test(`${name} ${String(at(config, '@type').value)}`);
    if (!isOurs) continue;
    for (const disabled of [at(outer, 'disabled'), at(inner, 'disabled')]) {
      if (disabled.value === true && !isOneAnswer(holder)) say('route-unchecked', disabled, about);
    }
    const settings = at(config, 'check_settings');
    for (const service of [at(settings, 'grpc_service'), at(settings, 'http_service')]) {
      if (has(service)) say('route-own-check', service, about);
    }
    lintBody(at(settings, 'with_request_body'), say, about);
  }
}

/** Envoy answers itself, for one exact path: public metadata is such a route, and nothing is behind it. */
function isOneAnswer(route: Spot): boolean {
  return has(at(route, 'direct_response')) && has(at(route, 'match', 'path')) && !has(at(route, 'route'));
}
