import { lintNames } from './lint-names.ts';
import { lintUpstreamFilters } from './lint-upstream-filters.ts';
import { at, has, type Say, type Spot, textAt } from './spot.ts';

const HTTP_OPTIONS = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions';

/** One cluster: its address is not the client's choice, and no filter in it changes what was decided (threats E20). */
export function lintCluster(cluster: Spot, say: Say): void {
  const about = `cluster ${textAt(cluster, 'name', 'without a name')}`;
  const options = at(cluster, 'original_dst_lb_config');
  const header = at(options, 'use_http_header');
  if (header.value === true) say('upstream-by-client', header, about);
  // Metadata of a request is what a filter took from the request.
  const metadata = at(options, 'metadata_key');
  if (has(metadata)) say('upstream-by-client', metadata, about);
  const filters = at(cluster, 'typed_extension_protocol_options', HTTP_OPTIONS, 'http_filters');
  lintUpstreamFilters(filters, { say, about });
  lintNames(filters, { say, about });
}
