import type { Collected } from './collect.ts';
import type { LintOptions } from './lint.ts';
import { lintCheckFilter } from './lint-check-filter.ts';
import { lintManager } from './lint-manager.ts';
import { lintTls } from './lint-tls.ts';
import { at, has, isType, items, type Say, type Spot, textAt } from './spot.ts';

const MANAGER = 'extensions.filters.network.http_connection_manager.v3.HttpConnectionManager';
const TCP_PROXY = 'extensions.filters.network.tcp_proxy.v3.TcpProxy';
const MOBILE_MANAGER = 'extensions.filters.network.http_connection_manager.v3.EnvoyMobileHttpConnectionManager';
const NETWORK_CHECK = 'extensions.filters.network.ext_authz.v3.ExtAuthz';

export interface ListenerRules extends LintOptions {
  readonly say: Say;
}

/** One listener: who may connect, and that every filter chain asks. */
export function lintListener(listener: Spot, found: Collected, rules: ListenerRules): void {
  const name = `listener ${textAt(listener, 'name', 'without a name')}`;
  const chains = [...items(at(listener, 'filter_chains')), at(listener, 'default_filter_chain')].filter(has);
  for (const chain of chains) {
    if (rules.xfcc !== true) lintTls(chain, found.secrets, { say: rules.say, about: name });
    const filters = items(at(chain, 'filters'));
    const managers = filters.map((filter) => at(filter, 'typed_config')).filter((config) => isType(config, MANAGER));
    for (const manager of managers) lintManager(manager, found, { ...rules, about: name });
    if (managers.length === 0) lintConnections(filters, chain, { say: rules.say, about: name });
  }
  const discovered = at(listener, 'fcds_config');
  if (has(discovered)) rules.say('routes-elsewhere', discovered, name);
  lintApiListener(at(listener, 'api_listener', 'api_listener'), found, { ...rules, about: name });
}

/** A listener without a socket, for the process that Envoy is part of: its requests are asked about like all others. */
function lintApiListener(api: Spot, found: Collected, rules: ListenerRules & About): void {
  if (!has(api)) return;
  const manager = isType(api, MOBILE_MANAGER) ? at(api, 'config') : api;
  if (has(manager) && (manager !== api || isType(api, MANAGER))) lintManager(manager, found, rules);
  else rules.say('routes-elsewhere', api, rules.about);
}

interface About {
  readonly say: Say;
  readonly about: string;
}

/** A chain that is not HTTP: the network filter asks, once per connection, before whatever forwards it. */
function lintConnections(filters: readonly Spot[], chain: Spot, { say, about }: About): void {
  const check = filters.findIndex((filter) => isType(at(filter, 'typed_config'), NETWORK_CHECK));
  const config = filters[check];
  if (config === undefined || check === filters.length - 1) {
    say('ext-authz-missing', at(chain, 'filters'), about);
    return;
  }
  lintCheckFilter(at(config, 'typed_config'), 'network', { say, about });
  for (const filter of filters.slice(check + 1)) {
    const proxy = at(filter, 'typed_config');
    if (isType(proxy, TCP_PROXY) && textAt(proxy, 'upstream_connect_mode', '') !== 'ON_DOWNSTREAM_DATA') {
      say('upstream-speaks-first', proxy, about);
    }
  }
}
